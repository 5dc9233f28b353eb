internal import ArgumentParser

struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench", abstract: "Measure this host and swiftvm on it.",
    discussion: """
      swiftvm bench exits
      swiftvm bench exits --list
      """,
    subcommands: [BenchExitsCommand.self])
}
