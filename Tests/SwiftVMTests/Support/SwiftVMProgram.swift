import ProcessSupport
import Testing

/// The release executable, as tests call it.
enum SwiftVMProgram {
  /// Runs it to its end; 124 when it hangs.
  static func run(_ arguments: [String]) async throws -> Program.Outcome {
    try await Program.run("timeout", ["-k", "5", "\(Patience.seconds)", Repository.executable] + arguments)
  }

  /// Runs a line of bash in which `$vm` is the executable and `$guests` the guests' folder.
  static func shell(_ line: String) async throws -> Program.Outcome {
    let variables = "vm=\(Repository.executable) guests=\(Repository.guests); "
    return try await Program.run(
      "timeout", ["-k", "5", "\(Patience.seconds)", "bash", "-c", variables + line])
  }

  /// Runs a script of bash in a network namespace of its own; `$scratch` is a folder for it. What it leaves running
  /// is ended.
  static func inNamespace(_ script: String) async throws -> Program.Outcome {
    let scratch = try Scratch()
    return try await Program.run(
      "timeout",
      [
        "-k", "5", "\(Patience.seconds)", "unshare", "-n", "--pid", "--fork", "--kill-child", "bash", "-c",
        """
        PATH=$PATH:/usr/sbin:/sbin vm=\(Repository.executable) guests=\(Repository.guests) scratch=\(scratch.path)
        \(script)
        """,
      ])
  }

  /// The arguments that run a bare-metal guest in a small machine. A busy host may be silent for long: no hint.
  static func running(_ guest: String, _ more: [String] = []) -> [String] {
    ["run", "--flat", "\(Repository.guests)/\(guest).bin", "-m", "16", "--boot-hint", "0"] + more
  }

  /// Starts it beside the test.
  static func start(
    _ guest: String, _ more: [String] = [], terminal: PseudoTerminal? = nil
  ) throws -> RunningProgram {
    try RunningProgram(Repository.executable, running(guest, more), terminal: terminal)
  }
}

/// Checks what a person sees of a failure: nothing on standard output, and on standard error one line
/// with the error and one with what to do.
func expectFailure(
  _ outcome: Program.Outcome, status: Int32, error: String, hint: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  let lines = outcome.error.split(separator: "\n", omittingEmptySubsequences: false)
  #expect(outcome.status == status, "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(outcome.output == "", sourceLocation: sourceLocation)
  #expect(lines.count == 3 && lines.last == "", "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(
    lines.first?.hasPrefix("error: ") == true && lines.first?.contains(error) == true,
    "\(outcome.error)", sourceLocation: sourceLocation)
  #expect(
    lines.dropFirst().first?.hasPrefix("hint: ") == true && lines.dropFirst().first?.contains(hint) == true,
    "\(outcome.error)", sourceLocation: sourceLocation)
}
