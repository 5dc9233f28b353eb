internal import Histogram

/// What many samples of a duration have in common. Ticks of the host's time stamp counter.
public struct LatencySummary: Codable, Equatable, Sendable {
  /// A point of the distribution: so many percent of the samples took no longer.
  public struct Point: Codable, Equatable, Sendable {
    public let percentile: Double
    public let ticks: UInt64

    public init(percentile: Double, ticks: UInt64) {
      self.percentile = percentile
      self.ticks = ticks
    }
  }

  public let count: Int
  public let minimum: UInt64
  public let p50: UInt64
  public let p90: UInt64
  public let p99: UInt64
  public let p999: UInt64
  public let maximum: UInt64
  public let mean: Double
  /// From the minimum to the maximum, denser towards the end.
  public let curve: [Point]

  private static let percentiles: [Double] = [
    0, 5, 10, 20, 30, 40, 50, 60, 70, 75, 80, 85, 90, 92.5, 95, 97.5, 99, 99.5, 99.75, 99.9, 99.95, 99.99,
    100,
  ]

  /// Percentiles are accurate to a thousandth of their value; minimum, maximum and mean are exact.
  /// - Returns: nil where there are no samples.
  public init?(_ samples: [UInt64]) {
    guard let minimum = samples.min(), let maximum = samples.max() else { return nil }
    var histogram = Histogram<UInt64>(
      highestTrackableValue: max(maximum, 2), numberOfSignificantValueDigits: .three)
    for sample in samples { histogram.record(sample) }
    // A bucket's end may lie past the last sample.
    func ticks(_ percentile: Double) -> UInt64 {
      if percentile <= 0 { return minimum }
      return min(max(histogram.valueAtPercentile(percentile), minimum), maximum)
    }
    count = samples.count
    self.minimum = minimum
    self.maximum = maximum
    p50 = ticks(50)
    p90 = ticks(90)
    p99 = ticks(99)
    p999 = ticks(99.9)
    mean = samples.reduce(0.0) { $0 + Double($1) } / Double(samples.count)
    curve = Self.percentiles.map { Point(percentile: $0, ticks: ticks($0)) }
  }
}

extension Array where Element: BinaryInteger {
  /// The middle one, or the lower of the two in the middle; nil of none.
  var median: Element? { isEmpty ? nil : sorted()[(count - 1) / 2] }
}
