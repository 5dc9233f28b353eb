/// What is wrong with the arguments that the parser refused: the first word that no command knows, and what was
/// meant by it. The parser's own guesses are wide of the mark: `--net` for `--mem`.
struct ArgumentFailure {
  /// The program and its commands, as far as they are known.
  private var path = ["swiftvm"]
  private let command: CommandTree
  private let root: CommandTree
  /// What follows the commands.
  private var words: ArraySlice<String>

  private init(_ words: [String], in tree: CommandTree) {
    root = tree
    let (command, path) = tree.command(in: words)
    self.command = command
    self.path += path
    self.words = words[path.count...]
  }

  /// - Parameters:
  ///   - words: the arguments without the program's name.
  ///   - message: what the parser said.
  static func explain(_ words: [String], parser message: String) -> Failure {
    // Of several readings of the same word the first one.
    let line = message.split(separator: "\n").first.map(String.init) ?? message
    guard let tree = CommandTree.ofThisProgram() else { return Failure(.usage, line) }
    let arguments = ArgumentFailure(words, in: tree)
    return arguments.unknownCommand() ?? arguments.unknownOption()
      ?? Failure(.usage, line, hint: arguments.pointer)
  }

  /// What is said of `word`, which is no option of the command that `path` leads to.
  static func unknownOption(_ word: String, of path: [String]) -> Failure {
    let message = "there is no option \(dashed(word).shortened)"
    guard let tree = CommandTree.ofThisProgram() else { return Failure(.usage, message) }
    return Failure(.usage, message, hint: ArgumentFailure(path, in: tree).hint(for: word))
  }

  /// Where everything stands.
  private var pointer: String { "`\(path.joined(separator: " ")) --help` shows the options" }

  // MARK: Commands

  private func unknownCommand() -> Failure? {
    guard let word = words.first, !word.hasPrefix("-"), !command.subcommands.isEmpty else { return nil }
    let names = command.subcommands.filter(\.isShown).map(\.name)
    var hint = ForeignWord.command(word)
    if path.count > 1 {
      // Mostly the command was left out: `trace vm.trace`.
      hint = names.count == 1 ? "did you mean `\(path.joined(separator: " ")) \(names[0]) \(word)`?" : nil
    } else if hint == nil, SystemFile.exists(word) {
      hint = "`swiftvm run -k FILE` boots a kernel, `swiftvm run FOLDER` what a machine.json describes"
    }
    if let near = word.nearest(of: names) {
      hint = "did you mean `\((path + [near]).joined(separator: " "))`?"
    }
    return Failure(
      .usage, "there is no command \(word.shortened)",
      hint: hint ?? "the commands are \(names.sorted().joined(separator: ", "))")
  }

  // MARK: Options

  private func unknownOption() -> Failure? {
    for word in words where Double(word) == nil {
      if word == "--" { return nil }
      // The parser takes no value that begins with a dash.
      guard word.count > 1, word.hasPrefix("-"), !isKnown(word) else { continue }
      return Failure(.usage, "there is no option \(Self.dashed(word).shortened)", hint: hint(for: word))
    }
    return nil
  }

  private func isKnown(_ word: String) -> Bool {
    if word.hasPrefix("--") { return command.longNames.contains(name(word)) }
    // Short options may stand together, but not be others' words, or ours with a dash too few.
    let isWord = ForeignWord.option(name(word)) != nil || command.longNames.contains(name(word))
    return word.dropFirst().allSatisfy { command.shortNames.contains(String($0)) } && !isWord
  }

  /// An option without its value.
  private static func dashed(_ word: String) -> String {
    word.split(separator: "=", maxSplits: 1).first.map(String.init) ?? word
  }

  /// Its name alone.
  private func name(_ word: String) -> String {
    String(Self.dashed(word).drop { $0 == "-" })
  }

  private func hint(for word: String) -> String {
    let name = name(word)
    guard let run = root.subcommands.first(where: { $0.name == "run" }) else { return pointer }
    if path.count == 1, run.longNames.contains(name) || run.shortNames.contains(name) {
      return "options follow a command: `swiftvm run \(Self.dashed(word)) ...`"
    }
    if path.count == 1 || command.name == run.name, let sentence = ForeignWord.option(name) {
      return sentence
    }
    let ours = name.lowercased().replacing("_", with: "-")
    if command.longNames.contains(ours) { return "did you mean --\(ours)?" }
    let letter = String(name.prefix(1))
    if command.shortNames.contains(letter), name.count == 1 { return "did you mean -\(letter)?" }
    if command.shortNames.contains(letter), name.dropFirst().allSatisfy({ $0.isNumber || $0.isUppercase }) {
      return "a value is a word of its own: -\(letter) \(name.dropFirst())"
    }
    let longer = command.longNames.filter { name.count > 1 && $0.hasPrefix(ours) }
    guard longer.isEmpty else {
      return "did you mean \(longer.map { "--\($0)" }.joined(separator: " or "))?"
    }
    return ours.nearest(of: command.longNames).map { "did you mean --\($0)?" } ?? pointer
  }
}
