internal import Hypervisor

/// How many exits of each reason there were, over time: in slices that become wider as time goes by, so that their number
/// is bounded.
struct ExitTimeline: Equatable {
  static let mostSlices = 400

  /// Nanoseconds of a slice.
  private(set) var width: UInt64 = 1_000_000
  /// By reason, then by slice.
  private(set) var counts = [[UInt64]](repeating: [], count: ExitReason.allCases.count)

  /// Nanoseconds since the beginning.
  mutating func note(_ reason: ExitReason, at time: UInt64) {
    while time / width >= UInt64(Self.mostSlices) { widen() }
    let slice = Int(time / width)
    if counts[reason.rawValue].count <= slice {
      counts[reason.rawValue] += [UInt64](repeating: 0, count: slice + 1 - counts[reason.rawValue].count)
    }
    counts[reason.rawValue][slice] += 1
  }

  private mutating func widen() {
    width *= 2
    counts = counts.map { old in
      stride(from: 0, to: old.count, by: 2).map { old[$0] + ($0 + 1 < old.count ? old[$0 + 1] : 0) }
    }
  }

  /// Of one slice; 0 where there is none.
  func count(_ reason: ExitReason, in slice: Int) -> UInt64 {
    let slices = counts[reason.rawValue]
    return slices.indices.contains(slice) ? slices[slice] : 0
  }

  var sliceCount: Int { counts.map(\.count).max() ?? 0 }

  /// All reasons together in the busiest slice.
  var most: UInt64 {
    (0..<sliceCount).map { slice in ExitReason.allCases.reduce(0) { $0 + count($1, in: slice) } }.max() ?? 0
  }
}
