internal import Subprocess
internal import SystemPackage

/// Runs programs for tests.
public enum Program {
  /// What a program said and how it ended.
  public struct Outcome: Sendable {
    /// Its exit status, or 128 plus the number of the signal that killed it, as a shell counts.
    public let status: Int32
    public let output: String
    public let error: String
  }

  /// Runs `path` to its end, its standard input empty or `input`.
  ///
  /// Has no limit of its own: where a program may hang, `timeout` (coreutils) runs it.
  public static func run(_ path: String, _ arguments: [String], input: String = "") async throws -> Outcome {
    let result = try await Subprocess.run(
      path.contains("/") ? .path(FilePath(path)) : .name(path),
      arguments: Arguments(arguments), workingDirectory: FilePath(Repository.root),
      input: .string(input), output: .string(limit: 16 << 20), error: .string(limit: 16 << 20))
    return Outcome(
      status: status(result.terminationStatus), output: result.standardOutput,
      error: result.standardError)
  }

  private static func status(_ ending: TerminationStatus) -> Int32 {
    switch ending {
    case .exited(let code): code
    case .signaled(let signal): 128 + signal
    }
  }
}
