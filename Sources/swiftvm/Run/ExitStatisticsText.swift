internal import Hypervisor

/// The tables of `--exit-stats`.
enum ExitStatisticsText {
  /// Addresses that are shown of each vCPU.
  static let placesShown = 10

  static func tell(_ machine: Machine) {
    for report in machine.exitReports { StandardError.line(text(report)) }
  }

  static func text(_ report: ExitReport) -> String {
    let count = report.reasons.reduce(0) { $0 + $1.count }
    let total = report.reasons.reduce(0) { $0 + $1.total }
    var lines = [
      "vcpu-\(report.vcpu): \(count) exits in \(duration(report.elapsed)), \(share(total, of: report)) of it to answer them"
    ]
    if !report.reasons.isEmpty {
      lines.append(row("reason", "count", "share", "p50", "p99"))
      lines += report.reasons.map {
        row(
          $0.reason.name, "\($0.count)", share($0.total, of: report), duration($0.median),
          duration($0.percentile99))
      }
    }
    if !report.places.isEmpty {
      lines.append(row("busiest", "count", "share"))
      lines += report.places.prefix(placesShown).map {
        row(
          place($0), "\($0.count)",
          share($0.total, of: report))
      }
      let others = report.places.dropFirst(placesShown).reduce(report.otherPlaces) { $0 + $1.count }
      if others > 0 { lines.append(row("elsewhere", "\(others)")) }
    }
    if !report.kernel.isEmpty {
      lines.append("  KVM: " + report.kernel.map { "\($0.name) \($0.value)" }.joined(separator: ", "))
    }
    return lines.joined(separator: "\n")
  }

  private static func place(_ place: ExitReport.Place) -> String {
    let device = [place.device ?? "nobody", place.register].compactMap { $0 }.joined(separator: " ")
    return "\(place.reason.name) 0x\(String(place.address, radix: 16)), \(device)"
  }

  /// The first column to the left, the others to the right.
  private static func row(_ first: String, _ others: String...) -> String {
    let widths = [12, 10, 10, 10]
    let cells = zip(others, widths).map { padding($1 - $0.count) + $0 }
    return "  " + first + padding(44 - first.count) + cells.joined()
  }

  private static func padding(_ count: Int) -> String { String(repeating: " ", count: max(1, count)) }

  static func share(_ part: Double, of report: ExitReport) -> String {
    (report.elapsed > 0 ? part / report.elapsed * 100 : 0).decimal(2) + " %"
  }

  /// Nanoseconds in a unit that leaves few digits.
  static func duration(_ nanoseconds: Double) -> String {
    switch nanoseconds {
    case ..<1e3: "\(Int(nanoseconds.rounded())) ns"
    case ..<1e6: (nanoseconds / 1e3).decimal(2) + " us"
    case ..<1e9: (nanoseconds / 1e6).decimal(2) + " ms"
    default: (nanoseconds / 1e9).decimal(2) + " s"
    }
  }
}
