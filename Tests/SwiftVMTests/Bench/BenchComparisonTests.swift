import Hypervisor
import Testing

@testable import swiftvm

struct BenchComparisonTests {
  private func verdict(
    _ old: [UInt64], _ new: [UInt64], floors: ([UInt64], [UInt64]) = ([50], [50])
  ) throws -> BenchComparison.Verdict? {
    func floor(_ values: [UInt64], _ count: Int) -> [UInt64] {
      (0..<count).map { values[$0 % values.count] }
    }
    let comparison = BenchComparison(
      old: try .made(medians: old, floors: floor(floors.0, old.count)),
      new: try .made(medians: new, floors: floor(floors.1, new.count)))
    return comparison.kinds.first?.verdict
  }

  @Test func `repetitions that lie apart are a difference`() throws {
    #expect(try verdict([100, 101, 102, 103, 104], [120, 121, 122, 123, 124]) == .slower)
    #expect(try verdict([120, 121, 122, 123, 124], [100, 101, 102, 103, 104]) == .faster)
  }

  @Test func `repetitions that overlap, or lie less than a fiftieth apart, are none`() throws {
    #expect(try verdict([100, 101, 102, 103, 130], [120, 121, 122, 123, 124]) == .same)
    #expect(try verdict([10000, 10001, 10002, 10003, 10004], [10010, 10011, 10012, 10013, 10014]) == .same)
  }

  @Test func `where the floor changed too it is not swiftvm's doing`() throws {
    #expect(
      try verdict([100, 101, 102, 103, 104], [120, 121, 122, 123, 124], floors: ([50], [60])) == .machine)
    // The other way, or much less.
    #expect(
      try verdict([100, 101, 102, 103, 104], [120, 121, 122, 123, 124], floors: ([50], [40])) == .slower)
    #expect(
      try verdict([100, 101, 102, 103, 104], [120, 121, 122, 123, 124], floors: ([50], [51])) == .slower)
  }

  @Test func `few repetitions cannot tell`() throws {
    #expect(try verdict([100, 101, 102, 103], [120, 121, 122, 123]) == .tooFew)
  }

  @Test func `what only one of the two has, and hosts that differ, are told`() throws {
    let comparison = BenchComparison(
      old: try .made([.portRead, .ipi], cpu: "Old CPU"), new: try .made([.portRead, .kick], cpu: "New CPU"))
    #expect(comparison.kinds.map(\.kind) == [.portRead])
    #expect(comparison.missing == [.ipi, .kick])
    #expect(comparison.differences == ["CPU was Old CPU, is New CPU"])
    let text = BenchText.text(comparison)
    #expect(text.contains("other host: CPU was Old CPU, is New CPU"))
    #expect(text.contains("no difference"))
    #expect(text.contains("only in one of the two: kick"))
  }
}

struct RankTestTests {
  @Test func `the probability is that of the tables`() {
    // Two of the C(10, 5) = 252 orders are as remarkable.
    #expect(abs(RankTest.probability([1, 2, 3, 4, 5], [6, 7, 8, 9, 10]) - 2.0 / 252) < 1e-12)
    // U = 1: four of 252.
    #expect(abs(RankTest.probability([1, 2, 3, 4, 6], [5, 7, 8, 9, 10]) - 4.0 / 252) < 1e-12)
    // U = 2 of 3 and 4: (1 + 1 + 2) * 2 of C(7, 3) = 35.
    #expect(abs(RankTest.probability([1, 2, 5], [3, 4, 6, 7]) - 8.0 / 35) < 1e-12)
  }

  @Test func `the order of the lists and of their numbers does not matter`() {
    let (first, second) = ([3.0, 1, 9, 4], [2.0, 8, 7, 6, 5])
    #expect(RankTest.probability(first, second) == RankTest.probability(second.reversed(), first.reversed()))
  }

  @Test func `equal lists, and empty ones, are as probable as can be`() {
    #expect(RankTest.probability([5, 5, 5], [5, 5, 5]) == 1)
    #expect(RankTest.probability([], [1]) == 1)
  }

  @Test func `a hundred repetitions each are no problem`() {
    let (low, high) = ((0..<100).map(Double.init), (100..<200).map(Double.init))
    #expect(RankTest.probability(low, high) < 1e-50)
    #expect(RankTest.probability(low, low) > 0.99)
  }
}
