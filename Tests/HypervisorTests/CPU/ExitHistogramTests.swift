import Testing

@testable import Hypervisor

struct ExitHistogramTests {
  /// Around every power of two, and the ends.
  static let values: [UInt64] = {
    var values: [UInt64] = [0, 1, 2, 15, 16, 17, .max - 1, .max]
    for exponent in 5..<64 {
      let power: UInt64 = 1 << UInt64(exponent)
      values += [power - 1, power, power + 1]
    }
    return values
  }()

  @Test(arguments: values)
  func `a bucket's value is at most an eighth away`(value: UInt64) {
    let bucket = ExitHistogram.bucket(of: value)
    #expect((0..<ExitHistogram.buckets).contains(bucket))
    let middle = ExitHistogram.value(of: bucket)
    #expect(max(middle, value) - min(middle, value) <= value / 8)
    #expect(ExitHistogram.bucket(of: middle) == bucket)
  }

  @Test func `a longer duration never has a lower bucket, and all buckets are used`() {
    let middles = (0..<ExitHistogram.buckets).map(ExitHistogram.value)
    #expect(middles == middles.sorted())
    #expect(middles.map(ExitHistogram.bucket) == Array(0..<ExitHistogram.buckets))
  }

  @Test func `percentiles are those of the durations counted`() {
    var counts = [UInt64](repeating: 0, count: ExitHistogram.buckets)
    #expect(ExitHistogram.percentile(0.5, of: counts) == nil)
    for _ in 0..<98 { counts[ExitHistogram.bucket(of: 3)] += 1 }
    for value in [10, 1000] as [UInt64] { counts[ExitHistogram.bucket(of: value)] += 1 }
    #expect(ExitHistogram.percentile(0, of: counts) == 3)
    #expect(ExitHistogram.percentile(0.5, of: counts) == 3)
    #expect(ExitHistogram.percentile(0.98, of: counts) == 3)
    #expect(ExitHistogram.percentile(0.99, of: counts) == 10)
    #expect(
      ExitHistogram.percentile(1, of: counts) == ExitHistogram.value(of: ExitHistogram.bucket(of: 1000)))
  }
}
