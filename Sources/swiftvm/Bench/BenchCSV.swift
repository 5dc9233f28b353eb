internal import Hypervisor

/// Results for spreadsheets: a line for each kind and side (RFC 4180).
enum BenchCSV {
  static func text(_ report: BenchReport) -> String {
    let names = ["min", "p50", "p90", "p99", "p99.9", "max"]
    var lines = [
      ["kind", "side", "count"] + names.map { "\($0)_ns" } + names.map { "\($0)_cycles" }
        + ["mean_ns", "per_second", "ratio", "notes"]
    ]
    for result in report.results {
      for (side, latency) in [("swiftvm", result.swiftvm), ("floor", result.floor)] {
        let isOurs = side == "swiftvm"
        let ticks = [
          latency.minimum, latency.p50, latency.p90, latency.p99, latency.p999, latency.maximum,
        ]
        lines.append(
          [result.kind.rawValue, side, "\(latency.count)"]
            + ticks.map { report.nanoseconds($0).decimal(1) } + ticks.map { "\($0)" } + [
              (latency.mean / report.ticksPerSecond * 1e9).decimal(1),
              isOurs ? result.perSecond.map { $0.decimal(0) } ?? "" : "",
              isOurs ? result.ratio.decimal(4) : "",
              isOurs ? result.notes.joined(separator: "; ") : "",
            ])
      }
    }
    return lines.map { $0.map(field).joined(separator: ",") + "\r\n" }.joined()
  }

  private static func field(_ text: String) -> String {
    guard text.contains(where: { $0 == "," || $0 == "\"" || $0.isNewline }) else { return text }
    return "\"" + text.split(separator: "\"", omittingEmptySubsequences: false).joined(separator: "\"\"")
      + "\""
  }
}
