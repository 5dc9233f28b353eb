/// Buckets for durations whose width grows with their value: eight to each power of two, so a bucket is at most an
/// eighth of its value wide.
enum ExitHistogram {
  static let buckets = 16 + 60 * 8

  /// The bucket of a duration.
  @inline(__always)
  static func bucket(of value: UInt64) -> Int {
    if value < 16 { return Int(truncatingIfNeeded: value) }
    let exponent = 63 &- value.leadingZeroBitCount
    let step = Int(truncatingIfNeeded: value &>> UInt64(truncatingIfNeeded: exponent &- 3)) & 7
    return 16 &+ (exponent &- 4) &* 8 &+ step
  }

  /// The middle of a bucket.
  static func value(of bucket: Int) -> UInt64 {
    if bucket < 16 { return UInt64(max(bucket, 0)) }
    let exponent = (bucket - 16) / 8 + 4
    let width = UInt64(1) << UInt64(exponent - 3)
    return (8 + UInt64((bucket - 16) % 8)) * width + width / 2
  }

  /// The duration below which `fraction` (0 to 1) of those counted lie; nil where nothing was counted.
  static func percentile(_ fraction: Double, of counts: [UInt64]) -> UInt64? {
    let total = counts.reduce(0, &+)
    guard total > 0 else { return nil }
    let wanted = max(1, UInt64((Double(total) * fraction).rounded(.up)))
    var seen: UInt64 = 0
    for (bucket, count) in counts.enumerated() {
      seen &+= count
      if seen >= wanted { return value(of: bucket) }
    }
    return nil
  }
}
