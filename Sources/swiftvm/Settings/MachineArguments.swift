/// The words behind a command that starts a machine.
///
/// An option is `--long VALUE`, `--long=VALUE`, `-s VALUE` or `-s=VALUE`; a value may begin with a dash unless it is an
/// option itself, or nearly one; behind `--` there are no options.
struct MachineArguments {
  /// What was said of the machine.
  private(set) var machine = MachineSettings()
  /// What was said to the command.
  private(set) var command = MachineSettings()
  /// The words that belong to no option.
  private(set) var others: [String] = []

  /// - Throws: the first word that is wrong, with what was meant.
  init(_ words: some Collection<String>) throws(Failure) {
    var rest = words[...]
    while let word = rest.popFirst() {
      if word == "--" {
        others += rest
        return
      }
      guard word.count > 1, word.hasPrefix("-") else {
        others.append(word)
        continue
      }
      guard let (setting, joined) = Self.setting(of: word) else {
        throw ArgumentFailure.unknownOption(word, of: ["run"])
      }
      try take(setting, word, joined, &rest)
    }
  }

  /// The option that `word` is, and the value that is joined to it.
  private static func setting(of word: String) -> (Setting, value: String?)? {
    let sides = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    let name = sides[0].drop { $0 == "-" }
    let isLong = word.hasPrefix("--")
    guard sides[0].utf8.count - name.utf8.count == (isLong ? 2 : 1) else { return nil }
    let setting =
      isLong
      ? SettingTable.setting(long: name)
      : name.count == 1 ? name.first.flatMap { SettingTable.setting(short: $0) } : nil
    return setting.map { ($0, sides.count == 2 ? String(sides[1]) : nil) }
  }

  private mutating func take<Words: Collection<String>>(
    _ setting: Setting, _ word: String, _ joined: String?, _ rest: inout Words
  ) throws(Failure) where Words == Words.SubSequence {
    let name = joined == nil ? word : String(word.prefix { $0 != "=" })
    guard let placeholder = setting.form.placeholder else {
      guard joined == nil else {
        throw Failure(.usage, "\(name) takes no value", hint: "write \(name) alone, or leave it out")
      }
      return add(.flag(true), setting)
    }
    guard let text = joined ?? Self.value(&rest) else {
      throw Failure(
        .usage, "\(name): its value is missing",
        hint: "write \(name) \(placeholder); `swiftvm run --help` shows the options")
    }
    switch setting.form {
    case .flag: break
    case .text, .amount: add(.text(text), setting)
    case .list: add(.list([text]), setting)
    case .number(_, let most, _, _):
      guard let number = UInt64(text), number <= most else {
        throw Failure(
          .usage, "\(name) \(text): no whole number from 0 to \(most)",
          hint: "write \(name) \(placeholder); `swiftvm run --help` shows the options")
      }
      add(.number(number), setting)
    }
  }

  /// The next word, unless it is an option.
  private static func value<Words: Collection<String>>(_ rest: inout Words) -> String?
  where Words == Words.SubSequence {
    guard let word = rest.first, word != "--", setting(of: word) == nil, !isMistyped(word) else { return nil }
    rest = rest.dropFirst()
    return word
  }

  /// Whether it was meant as an option: mostly the value before it was forgotten.
  private static func isMistyped(_ word: String) -> Bool {
    guard word.hasPrefix("--") else { return false }
    let name = word.dropFirst(2).prefix { $0 != "=" }
    return String(name).nearest(of: SettingTable.all.map(\.key)) != nil
  }

  private mutating func add(_ value: SettingValue, _ setting: Setting) {
    if setting.isOfMachine {
      machine.add(value, for: setting.key)
    } else {
      command.add(value, for: setting.key)
    }
  }
}
