internal import ArgumentParser
internal import FoundationEssentials

/// The commands and their options: as the parser knows them, and those of the table.
struct CommandTree: Decodable {
  struct Name: Decodable {
    enum Kind: String, Decodable {
      case short, long, longWithSingleDash
    }

    let kind: Kind
    let name: String

    var dashed: String { (kind == .long ? "--" : "-") + name }
  }

  struct Option: Decodable {
    enum Kind: String, Decodable {
      case positional, option, flag
    }

    let kind: Kind
    let names: [Name]?
    let valueName: String?
    let abstract: String?
    let isOptional: Bool?
    let isRepeating: Bool?
    /// What the parser adds to the abstract.
    let defaultValue: String?
  }

  private struct Document: Decodable { let command: CommandTree }

  let name: String
  let abstract: String
  let isShown: Bool
  private(set) var subcommands: [CommandTree]
  private(set) var options: [Option]

  private enum CodingKeys: String, CodingKey {
    case abstract, subcommands
    case name = "commandName"
    case isShown = "shouldDisplay"
    case options = "arguments"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    abstract = try values.decodeIfPresent(String.self, forKey: .abstract) ?? ""
    isShown = try values.decodeIfPresent(Bool.self, forKey: .isShown) ?? true
    subcommands = try values.decodeIfPresent([CommandTree].self, forKey: .subcommands) ?? []
    options = try values.decodeIfPresent([Option].self, forKey: .options) ?? []
    // Each command has it, and shows it for itself alone.
    if !subcommands.contains(where: { $0.name == "help" }) {
      options.removeAll { $0.names?.contains { $0.name == "version" } == true }
    }
  }

  /// Swiftvm's own; nil where the parser describes itself otherwise than it did.
  static func ofThisProgram() -> CommandTree? {
    var tree = try? JSONDecoder().decode(Document.self, from: Data(SwiftVM._dumpHelp().utf8)).command
    for index in tree?.subcommands.indices ?? 0..<0
    where tree?.subcommands[index].name == RunCommand.name {
      tree?.subcommands[index].options = SettingTable.all.map(Option.init)
    }
    return tree
  }

  /// Names of options without their dashes.
  var longNames: [String] { names(.long) }
  var shortNames: [String] { names(.short) }

  private func names(_ kind: Name.Kind) -> [String] {
    options.flatMap { $0.names ?? [] }.filter { $0.kind == kind }.map(\.name)
  }

  /// The option of that name, given with its dashes.
  func option(_ dashed: some StringProtocol) -> Option? {
    options.first { $0.names?.contains { $0.dashed == dashed } == true }
  }

  /// The command that `words` begin with, and how many of them lead there.
  func command(in words: some Collection<String>) -> (command: CommandTree, path: [String]) {
    var (command, path) = (self, [] as [String])
    for word in words {
      guard let next = command.subcommands.first(where: { $0.name == word }) else { break }
      path.append(word)
      command = next
    }
    return (command, path)
  }
}

extension CommandTree.Option {
  fileprivate init(_ setting: Setting) {
    kind = setting.form.placeholder == nil ? .flag : .option
    names = setting.names + setting.aliases.map { CommandTree.Name(kind: .long, name: $0) }
    valueName = setting.form.placeholder
    abstract =
      setting.help?.replacing("\n", with: " ")
      ?? setting.manual.split(separator: ".").first.map { String($0).replacing("`", with: "") }
    (isOptional, isRepeating) = (true, false)
    defaultValue = setting.standard
  }
}
