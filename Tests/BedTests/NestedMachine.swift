internal import Glibc
internal import ProcessSupport

/// L1, a machine with a complete /dev/kvm that QEMU emulates; Tests/Bed/README.md tells how.
struct NestedMachine: Sendable {
  /// The one that `.inNestedMachine` started for the tests under it.
  @TaskLocal static var current: NestedMachine?

  /// One of several that may run at once.
  var name = "tests"
  /// More for `l1.sh start`.
  var options: [String] = []

  /// L1 is of no use, or a job in it hung.
  struct Failure: Error, CustomStringConvertible {
    let description: String
  }

  /// Exit statuses of l1.sh that no job of ours has.
  private static let timedOut: Int32 = 124
  private static let gone: Int32 = 125

  /// Starts L1 afresh. It ends with this process at the latest.
  func start() async throws {
    await stop()
    let outcome = try await control(["start", "--owner", "\(getpid())"] + options)
    guard outcome.status == 0 else { throw Failure(description: "L1 does not start: \(outcome.error)") }
  }

  func stop() async {
    // Where it was not running there is nothing to stop, and nothing to do about another failure.
    _ = try? await control(["stop"])
  }

  /// Runs a shell script in L1.
  ///
  /// An L1 that died under it is started afresh once, which is said, and so is one that lost its guest:
  /// Tests/Bed/README.md tells how often emulation does. Whatever else went wrong is the guest's.
  ///
  /// - Parameters:
  ///   - mayHang: whether a hang is such a loss: where a guest has more vCPUs than L1 has CPUs, or is one of several.
  ///   - mayTripleFault: whether a guest does so without being lost, as it is told to.
  func run(
    _ script: String, seconds: Int = 300, mayHang: Bool = false, mayTripleFault: Bool = false
  ) async throws -> Transcript {
    let first = try await attempt(script, seconds)
    let isGuestLost =
      mayHang && first.status == Self.timedOut || !mayTripleFault && first.hasTripleFault
    guard first.status == Self.gone || isGuestLost else { return try checked(first) }
    print("L1 \(first.status == Self.gone ? "died" : "lost its guest"): started afresh, once.\n\(first)")
    try await start()
    return try checked(try await attempt(script, seconds))
  }

  /// Runs a shell script that ends L1, as a power cut would: what it said until then.
  func runToDeath(_ script: String, seconds: Int = 300) async throws -> Transcript {
    let transcript = try await attempt(script, seconds)
    guard transcript.status == Self.gone else { throw Failure(description: "L1 lives\n\(transcript)") }
    return transcript
  }

  /// The host's directory that is /share in L1.
  func share() async throws -> String {
    String(try await control(["share"]).output.prefix { !$0.isNewline })
  }

  private func attempt(_ script: String, _ seconds: Int) async throws -> Transcript {
    let outcome = try await control(["run", "--timeout", "\(seconds)"], input: script)
    return Transcript(status: outcome.status, output: outcome.output, error: outcome.error)
  }

  private func checked(_ transcript: Transcript) throws -> Transcript {
    switch transcript.status {
    case Self.gone: throw Failure(description: "L1 died\n\(transcript)")
    case Self.timedOut: throw Failure(description: "hung\n\(transcript)")
    default: return transcript
    }
  }

  private func control(_ arguments: [String], input: String = "") async throws -> Program.Outcome {
    try await Program.run(
      "env", ["SWIFTVM_L1=\(name)", Repository.nestedMachine] + arguments, input: input)
  }
}
