internal import FoundationEssentials
internal import Hypervisor

/// A result as `--json` writes it and `--compare` reads it.
struct BenchReport: Codable, Equatable {
  static let format = "swiftvm bench exits"
  static let version = 1

  let format: String
  /// Of this form: another one is another number.
  let version: Int
  let swiftvm: String
  let host: BenchHostFacts
  /// Of the time stamp counter: all durations are in its ticks.
  let ticksPerSecond: Double
  /// The host's CPUs that threads were kept on; empty: none.
  let cpus: [Int32]
  let results: [ExitResult]
  let leftOut: [LeftOutKind]

  init(
    host: BenchHostFacts, ticksPerSecond: Double, cpus: [Int32], results: [ExitResult], leftOut: [LeftOutKind]
  ) {
    format = Self.format
    version = Self.version
    swiftvm = Version.text
    self.host = host
    self.ticksPerSecond = ticksPerSecond
    self.cpus = cpus
    self.results = results
    self.leftOut = leftOut
  }

  init(_ outcome: ExitBench.Outcome, of bench: ExitBench, host: BenchHostFacts) {
    self.init(
      host: host, ticksPerSecond: outcome.ticksPerSecond, cpus: bench.cpus, results: outcome.results,
      leftOut: outcome.leftOut)
  }

  /// Reads a result that was kept.
  init(path: String) throws(Failure) {
    try self.init(json: try InputFile.contents(of: path, what: "result"), name: path)
  }

  init(json: [UInt8], name: String) throws(Failure) {
    struct Head: Decodable {
      let format: String
      let version: Int
    }
    let again = "make one with `swiftvm bench exits --json FILE`"
    guard let head = try? JSONDecoder().decode(Head.self, from: Data(json)), head.format == Self.format else {
      throw Failure(.usage, "result \(name): is not what `swiftvm bench exits --json` writes", hint: again)
    }
    guard head.version == Self.version else {
      throw Failure(
        .usage, "result \(name): is of form \(head.version), and this swiftvm reads form \(Self.version)",
        hint: again)
    }
    guard let report = try? JSONDecoder().decode(BenchReport.self, from: Data(json)),
      report.ticksPerSecond > 0
    else {
      throw Failure(.usage, "result \(name): is damaged", hint: again)
    }
    self = report
  }

  func nanoseconds(_ ticks: UInt64) -> Double { Double(ticks) / ticksPerSecond * 1e9 }
}
