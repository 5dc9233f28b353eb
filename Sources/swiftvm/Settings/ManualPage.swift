/// The manual page swiftvm(1), in the macros of man(7): the commands as the parser knows them, and the table of settings.
struct ManualPage {
  private var lines: [String] = []

  static var text: String { ManualPage().lines.joined(separator: "\n") + "\n" }

  private init() {
    lines.append(".TH SWIFTVM 1 \"\" \"swiftvm \(Version.text)\" \"User Commands\"")
    section("NAME")
    lines.append("swiftvm \\- boot stock Linux kernels in virtual machines, straight on /dev/kvm")
    section("SYNOPSIS")
    for line in [
      "swiftvm run -k KERNEL [-i INITRD] [OPTION...]", "swiftvm run FOLDER [OPTION...]",
      "swiftvm COMMAND [OPTION...]",
    ] {
      lines += [".nf", Self.escaped(line), ".fi"]
    }
    section("DESCRIPTION")
    paragraphs(Self.description)
    guard let tree = CommandTree.ofThisProgram() else { return }
    section("COMMANDS")
    commands(tree, path: [])
    section("OPTIONS OF RUN")
    paragraphs(Self.forms)
    for group in Setting.Group.allCases {
      lines.append(".SS \(group.rawValue)")
      for setting in SettingTable.all where setting.group == group { option(setting) }
    }
    section("EXIT STATUS")
    for status in ExitStatus.allCases { item("\(status.rawValue)", status.meaning) }
    paragraphs(Self.statuses)
    section("KEYS AND SIGNALS")
    paragraphs(Self.signals)
    section("FILES")
    for (path, what) in Self.files { item("`\(path)`", what) }
    section("EXAMPLES")
    lines += [".nf"] + Self.examples.map { Self.escaped($0) } + [".fi"]
    section("SEE ALSO")
    lines.append("passt(1), dnsmasq(8), nft(8), ip(8), gdb(1), kvm(4)")
  }

  // MARK: Parts

  private mutating func section(_ name: String) { lines.append(".SH \(name)") }

  /// Those that do something, with their own options, depth first. The table has those of `run`.
  private mutating func commands(_ command: CommandTree, path: [String]) {
    for next in command.subcommands where next.isShown && next.name != "help" {
      let words = path + [next.name]
      guard next.subcommands.isEmpty else {
        commands(next, path: words)
        continue
      }
      let positional = next.options.filter { $0.kind == .positional }.compactMap { option in
        option.valueName.map { name in
          let word = name.uppercased() + (option.isRepeating == true ? "..." : "")
          return option.isOptional == true ? "[\(word)]" : word
        }
      }
      item("`\((["swiftvm"] + words + positional).joined(separator: " "))`", next.abstract)
      guard next.name != RunCommand.name else { continue }
      let options = next.options.filter {
        $0.kind != .positional && $0.names?.contains { $0.name == "help" } == false
      }
      guard !options.isEmpty else { continue }
      lines.append(".RS")
      for option in options {
        let names = (option.names ?? []).map { "`\($0.dashed)`" }.joined(separator: ", ")
        let value = option.kind == .option ? (option.valueName.map { " `\($0.uppercased())`" } ?? "") : ""
        item(names + value, (option.abstract ?? "") + (option.defaultValue.map { " (\($0))" } ?? ""))
      }
      lines.append(".RE")
    }
  }

  private mutating func option(_ setting: Setting) {
    let names = setting.names + setting.aliases.map { CommandTree.Name(kind: .long, name: $0) }
    let head = names.map { "`\($0.dashed)`" }.joined(separator: ", ")
    lines += [".TP", Self.marked(head + (setting.form.placeholder.map { " `\($0)`" } ?? ""))]
    paragraphs(setting.manual, within: true)
    if let standard = setting.standard {
      lines.append(Self.marked("Default: `\(standard)`."))
    }
  }

  private mutating func item(_ term: String, _ text: String) {
    lines += [".TP", Self.marked(term), Self.marked(text)]
  }

  /// Paragraphs, and lists of lines `* term: text`.
  private mutating func paragraphs(_ text: String, within isOption: Bool = false) {
    var isFirst = true
    var isInList = false
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let isItem = line.hasPrefix("* ")
      if isItem, !isInList { lines.append(".RS") }
      if !isItem, isInList { lines.append(".RE") }
      isInList = isItem
      if isItem, let end = line.firstRange(of: ": ") {
        item(String(line[..<end.lowerBound].dropFirst(2)), String(line[end.upperBound...]))
      } else if !line.isEmpty {
        // Behind an option's tag the first one stands in its place.
        if !isOption { lines.append(".PP") } else if !isFirst { lines.append(".IP") }
        lines.append(Self.marked(String(line)))
      }
      isFirst = false
    }
    if isInList { lines.append(".RE") }
  }

  // MARK: Marks

  /// Code, which stands in backquotes, in bold.
  static func marked(_ text: String) -> String {
    let parts = text.split(separator: "`", omittingEmptySubsequences: false).map { String($0) }
    let marked = parts.enumerated().map { index, part in
      index % 2 == 0 ? escaped(part, isText: true) : "\\fB\(escaped(part))\\fR"
    }.joined()
    // A request begins with one of these.
    return marked.hasPrefix(".") || marked.hasPrefix("'") ? "\\&" + marked : marked
  }

  /// - Parameter isText: whether hyphens are those of words, not of options.
  static func escaped(_ text: String, isText: Bool = false) -> String {
    let escaped = text.replacing("\\", with: "\\e")
    return isText ? escaped : escaped.replacing("-", with: "\\-")
  }
}
