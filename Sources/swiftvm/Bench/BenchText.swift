internal import Hypervisor

/// Results as a person reads them.
enum BenchText {
  static func text(_ report: BenchReport) -> String {
    var lines = header(report)
    lines.append("")
    let rows = [columns] + report.results.flatMap { Self.rows($0, report) }
    var details: [[String]] = [[]]
    for result in report.results { details += [[], self.details(result, report)] }
    for (line, detail) in zip(aligned(rows), details) {
      lines.append(line)
      lines += detail.map { "    " + $0 }
    }
    if !report.leftOut.isEmpty {
      lines.append("")
      let width = report.leftOut.map(\.kind.rawValue.count).max() ?? 0
      lines += report.leftOut.map { "left out: " + pad($0.kind.rawValue, width) + "  \($0.reason)" }
    }
    return lines.joined(separator: "\n")
  }

  static func header(_ report: BenchReport) -> [String] {
    let host = report.host
    var lines = [
      "CPU:          \(host.cpu)\(host.isVirtual ? ", of a virtual machine" : "")",
      "kernel:       Linux \(host.kernel)",
      "KVM:          \(host.kvm)",
    ]
    if host.emulates {
      lines.append(
        "              it emulates kernel code: each instruction of a guest that is measured adds about a microsecond"
      )
    }
    let mitigations = host.mitigations.sorted { $0.key < $1.key }
    lines += zip(["mitigations:"] + Array(repeating: "", count: mitigations.count), mitigations).map {
      pad($0, 13) + " \($1.key): \($1.value)"
    }
    let cpus = report.cpus.map(String.init).joined(separator: ",")
    lines.append(
      "clock:        \((report.ticksPerSecond / 1e9).decimal(3)) GHz; threads on "
        + (cpus.isEmpty ? "any CPU" : "CPUs \(cpus), the guest's first"))
    return lines
  }

  private static let columns = [
    "kind", "", "count", "min", "p50", "p90", "p99", "p99.9", "max", "per second", "floor p50", "ratio",
  ]

  /// A line in nanoseconds and one in cycles.
  private static func rows(_ result: ExitResult, _ report: BenchReport) -> [[String]] {
    let ours = result.swiftvm
    let values = [ours.minimum, ours.p50, ours.p90, ours.p99, ours.p999, ours.maximum]
    func whole(_ ticks: UInt64) -> String { report.nanoseconds(ticks).decimal(0) }
    return [
      [result.kind.rawValue, "ns", "\(ours.count)"] + values.map(whole) + [
        result.perSecond.map { $0.decimal(0) } ?? "-", whole(result.floor.p50), result.ratio.decimal(3),
      ],
      ["", "cycles", ""] + values.map { "\($0)" } + ["", "\(result.floor.p50)", ""],
    ]
  }

  /// Where the time goes, and what made it uncertain.
  private static func details(_ result: ExitResult, _ report: BenchReport) -> [String] {
    var lines: [String] = []
    if !result.phases.isEmpty {
      func whole(_ ticks: UInt64) -> String { report.nanoseconds(ticks).decimal(0) }
      lines.append(
        "p50 of its parts: "
          + result.phases.map { "\($0.name) \(whole($0.swiftvm)) ns (floor \(whole($0.floor)))" }.joined(
            separator: ", "))
    }
    return lines + result.notes
  }

  static func text(_ comparison: BenchComparison) -> String {
    var lines = comparison.differences.map { "other host: \($0)" }
    var rows = [["kind", "old p50", "new p50", "new/old", "floor", "p", "verdict"]]
    for kind in comparison.kinds {
      rows.append([
        kind.kind.rawValue, kind.old.decimal(0) + " ns", kind.new.decimal(0) + " ns",
        kind.ratio.decimal(3),
        kind.floorRatio.decimal(3), kind.probability.decimal(3), kind.verdict.text,
      ])
    }
    lines += aligned(rows, leftmost: [0, 6])
    lines += comparison.missing.map { "only in one of the two: \($0.rawValue)" }
    return lines.joined(separator: "\n")
  }

  // MARK: Columns

  /// Columns under each other: names to the left, numbers to the right.
  private static func aligned(_ rows: [[String]], leftmost: Set<Int> = [0, 1]) -> [String] {
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = row.indices.map { column in
        let space = String(repeating: " ", count: widths[column] - row[column].count)
        return leftmost.contains(column) ? row[column] + space : space + row[column]
      }
      return String(cells.joined(separator: "  ").reversed().drop { $0 == " " }.reversed())
    }
  }

  private static func pad(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
