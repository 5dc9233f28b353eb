import Testing

@testable import Hypervisor

struct LatencySummaryTests {
  @Test func `percentiles are those of the sorted samples, to a thousandth`() throws {
    let samples = (1...10_000).map { UInt64($0) * 37 }
    let summary = try #require(LatencySummary(samples.shuffled()))
    #expect(summary.count == 10_000)
    #expect(summary.minimum == 37)
    #expect(summary.maximum == 370_000)
    #expect(summary.mean == 37 * 5000.5)
    for (found, exact) in [
      (summary.p50, 185_000.0), (summary.p90, 333_000), (summary.p99, 366_300), (summary.p999, 369_630),
    ] {
      #expect(abs(Double(found) - exact) <= exact / 1000)
    }
  }

  @Test(arguments: [
    [7], [0, 0, 0], [1, UInt64.max / 4], [5, 4, 3, 2, 1], Array(repeating: 3_000_000_001, count: 9) + [1],
  ])
  func `nothing is below the minimum, above the maximum or out of order`(samples: [UInt64]) throws {
    let summary = try #require(LatencySummary(samples))
    let ordered =
      [summary.minimum, summary.p50, summary.p90, summary.p99, summary.p999, summary.maximum]
    #expect(ordered == ordered.sorted())
    #expect(summary.minimum == samples.min())
    #expect(summary.maximum == samples.max())
    #expect(summary.curve.map(\.ticks) == summary.curve.map(\.ticks).sorted())
    #expect(summary.curve.map(\.percentile) == summary.curve.map(\.percentile).sorted())
    #expect(summary.curve.first?.ticks == samples.min())
    #expect(summary.curve.last?.ticks == samples.max())
  }

  @Test func `no samples have no summary`() {
    #expect(LatencySummary([]) == nil)
  }

  @Test func `the middle of an even number is the lower one`() {
    #expect([4, 1, 3, 2].median == 2)
    #expect([9, 1, 5].median == 5)
    #expect([Int]().median == nil)
  }
}
