internal import ArgumentParser
internal import Hypervisor

struct TraceCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "trace", abstract: "Look at what run --trace wrote.", subcommands: [Show.self])

  struct Show: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Print a trace as text.",
      usage: "swiftvm trace show <file> [<option> ...]",
      discussion: """
        swiftvm trace show vm.trace --vcpu 0 --device COM1 --until 0.5
        """)

    @Argument(help: "What run --trace wrote")
    var file: String

    @Option(help: ArgumentHelp("Only this vCPU's exits", valueName: "n"))
    var vcpu: Int?

    @Option(help: ArgumentHelp("Only these exits: \"port write\", HLT", valueName: "reason"))
    var reason: String?

    @Option(help: ArgumentHelp("Only this device's events: COM1, disk0", valueName: "device"))
    var device: String?

    @Option(help: ArgumentHelp("Only from this second on: 0.25", valueName: "s"))
    var since: Double?

    @Option(help: ArgumentHelp("Only up to this second", valueName: "s"))
    var until: Double?

    func run() throws {
      let filter = TraceText.Filter(
        vcpu: vcpu, reason: try reason.map(Self.reason), device: device, since: since, until: until)
      var text = TraceText(filter)
      var reader = try TraceReader(file)
      var output = TextOutput()
      while let event = try reader.next() {
        // Nobody reads on: not even the rest of the file must be.
        if let line = text.line(event), !output.line(line) { return }
      }
      _ = output.flush()
      if reader.isCutOff { StandardError.warn("trace \(file): its end is missing") }
      if let failure = text.complaint(about: file) { throw failure }
    }

    /// The reason as traces say it.
    private static func reason(_ text: String) throws(Failure) -> String {
      let names = ExitReason.allCases.map(\.name)
      let wanted = text.lowercased().replacing("-", with: " ")
      guard let name = names.first(where: { $0.lowercased() == wanted }) else {
        throw Failure(
          .usage, "--reason \(text): no such reason", hint: "the reasons are \(names.joined(separator: ", "))"
        )
      }
      return name
    }
  }
}
