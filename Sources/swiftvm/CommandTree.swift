internal import ArgumentParser
internal import FoundationEssentials

/// The commands and their options' names, as the parser knows them.
struct CommandTree: Decodable {
  private struct Document: Decodable { let command: CommandTree }

  private struct Option: Decodable {
    struct Name: Decodable { let kind, name: String }
    let names: [Name]?
  }

  let name: String
  let subcommands: [CommandTree]
  private let options: [Option]

  private enum CodingKeys: String, CodingKey {
    case name = "commandName"
    case subcommands
    case options = "arguments"
  }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    subcommands = try values.decodeIfPresent([CommandTree].self, forKey: .subcommands) ?? []
    options = try values.decodeIfPresent([Option].self, forKey: .options) ?? []
  }

  /// Swiftvm's own; nil where the parser describes itself otherwise than it did.
  static func ofThisProgram() -> CommandTree? {
    try? JSONDecoder().decode(Document.self, from: Data(SwiftVM._dumpHelp().utf8)).command
  }

  /// Names of options without their dashes.
  var longNames: [String] { names("long") }
  var shortNames: [String] { names("short") }

  private func names(_ kind: String) -> [String] {
    options.flatMap { $0.names ?? [] }.filter { $0.kind == kind }.map(\.name)
  }
}
