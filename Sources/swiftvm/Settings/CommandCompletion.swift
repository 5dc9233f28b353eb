/// What may come next on a command line, for shells.
struct CommandCompletion: Equatable {
  struct Candidate: Equatable {
    let text: String
    let description: String
  }

  /// Files to look for: the shell knows how.
  enum Files: Equatable {
    /// Behind what stands before the path in the same word.
    case files(behind: String)
    case folders
  }

  private(set) var candidates: [Candidate] = []
  private(set) var files: Files?

  /// Names of what there is now.
  struct Names: Sendable {
    let machines: @Sendable () -> [String]
    let networks: @Sendable () -> [String]
  }

  /// - Parameters:
  ///   - words: what stands on the line behind the program's name; the last one is being written.
  init(_ words: [String], in tree: CommandTree, names: Names) {
    guard let current = words.last else { return }
    let before = words.dropLast()
    let (command, path) = tree.command(in: before)
    if current.hasPrefix("-"), let sign = current.firstIndex(of: "=") {
      guard let option = command.option(current[..<sign]), option.kind == .option else { return }
      complete(
        option, path, String(current[current.index(after: sign)...]), behind: String(current[...sign]), names)
    } else if let last = before.last, before.count > path.count, let option = command.option(last),
      option.kind == .option
    {
      complete(option, path, current, behind: "", names)
    } else if current.hasPrefix("-") {
      for option in command.options {
        for name in option.names ?? [] where name.kind == .long || current == "-" {
          add(name.dashed, option.abstract ?? "", current)
        }
      }
    } else if !command.subcommands.isEmpty {
      guard before.count == path.count else { return }
      for next in command.subcommands where next.isShown { add(next.name, next.abstract, current) }
    } else {
      complete(positionalOf: path, current, names)
    }
  }

  private mutating func add(_ text: String, _ description: String, _ current: some StringProtocol) {
    if text.hasPrefix(current) { candidates.append(Candidate(text: text, description: description)) }
  }

  private mutating func complete(positionalOf path: [String], _ current: String, _ names: Names) {
    switch path {
    case ["run"]: files = .folders
    case ["ip"]: for name in names.machines() { add(name, "", current) }
    case ["trace", "show"]: files = .files(behind: "")
    default: break
    }
  }

  /// - Parameter behind: what stands before the value in the same word.
  private mutating func complete(
    _ option: CommandTree.Option, _ path: [String], _ value: String, behind: String, _ names: Names
  ) {
    guard path == ["run"] else {
      switch (path.first, option.names?.first?.name) {
      case ("net", "name"): for name in names.networks() { add(behind + name, "", behind + value) }
      default: if ["file", "path", "folder"].contains(option.valueName) { files = .files(behind: behind) }
      }
      return
    }
    for setting in option.names?.compactMap({ SettingTable.setting(long: $0.name) }).prefix(1) ?? [] {
      let path = setting.path?.start(in: value)
      switch setting.completion {
      case .none: break
      case .files: files = .files(behind: behind)
      case .words(let words):
        for word in words where word != value { add(behind + word, "", behind + value) }
      }
      // Behind `file=`, say.
      if let path, path > value.startIndex || files != nil { files = .files(behind: behind + value[..<path]) }
      if setting.key == "net", value.hasPrefix("nat=") {
        for name in names.networks() { add("\(behind)nat=\(name)", "", behind + value) }
      }
    }
  }

  /// A line each: what shells read.
  var text: String {
    (candidates.map { $0.description.isEmpty ? $0.text : "\($0.text)\t\($0.description)" }
      + (files.map { [$0.text] } ?? [])).map { "\($0)\n" }.joined()
  }
}

extension CommandCompletion.Files {
  fileprivate var text: String {
    switch self {
    case .files(""): ":files"
    case .files(let behind): ":files\t\(behind)"
    case .folders: ":folders"
    }
  }
}
