import ProcessSupport
import Testing

/// Runs scripts where they can make networks without touching the host's.
enum NetworkScript {
  private static let prelude = Repository.root + "/Tests/SwiftVMTests/Support/network-bed.sh"

  /// Runs lines of bash after those of network-bed.sh; 124 when they do not end within two minutes.
  static func run(_ script: String) async throws -> Program.Outcome {
    let start = "vm=\(Repository.executable) guests=\(Repository.guests); . \(prelude)\n"
    return try await Program.run(
      "timeout",
      [
        "-k", "5", "120", "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc",
        "bash", "-c", start + script,
      ])
  }

  /// The same, and what they print is told where they fail.
  static func lines(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) async throws
    -> [String]
  {
    let outcome = try await run(script)
    #expect(outcome.status == 0, "\(outcome.output)\n\(outcome.error)", sourceLocation: sourceLocation)
    return outcome.output.split(separator: "\n").map(String.init)
  }
}
