import Testing

@testable import Hypervisor

struct RawSamplesTests {
  /// Samples of 100 ticks that begin at 1000, 2000, ...
  private func records(_ count: Int) -> [BenchRecord] {
    (1...count).map { index in
      let begin = UInt64(index) * 1000
      return BenchRecord(begin: begin, end: begin + 100, between: begin + 30)
    }
  }

  @Test func `an exit's time is split at the host's stamps, brought to the guest's clock`() {
    // The guest's clock is 5000 ticks behind the host's.
    let stamps: [UInt64] = [6040, 6045, 7050, 7060]
    let samples = RawSamples(records(2), warmUp: 0, stamps: stamps, offset: 0 &- 5000)
    #expect(samples.totals == [100, 100])
    #expect(samples.phases == [[40, 50], [5, 10], [55, 40]])
    #expect(samples.elapsed == 1100)
  }

  @Test func `the first samples do not count, nor do their stamps`() {
    let stamps: [UInt64] = [1040, 1045, 2050, 2060, 3001, 3002]
    let samples = RawSamples(records(3), warmUp: 1, stamps: stamps, offset: 0)
    #expect(samples.totals == [100, 100])
    #expect(samples.phases == [[50, 1], [10, 1], [40, 98]])
    #expect(samples.elapsed == 1100)
  }

  @Test(arguments: [
    // An exit before the guest left, and one that was answered after the guest went on.
    [999, 1045], [1040, 1101],
  ])
  func `where clocks contradict each other the host's own tells the answer from the rest`(stamps: [UInt64]) {
    let samples = RawSamples(records(1), warmUp: 0, stamps: stamps, offset: 0)
    #expect(samples.totals == [100])
    #expect(samples.phases == [[100 - (stamps[1] - stamps[0])], [stamps[1] - stamps[0]]])
  }

  @Test func `an answer that seems longer than the whole is all of it`() {
    #expect(RawSamples(records(1), warmUp: 0, stamps: [1040, 1141], offset: 0).phases == [[0], [100]])
  }

  @Test func `without an offset there are two parts, and with an exit missing none`() {
    #expect(RawSamples(records(1), warmUp: 0, stamps: [1040, 1045], offset: nil).phases == [[95], [5]])
    #expect(RawSamples(records(2), warmUp: 0, stamps: [1040, 1045], offset: 0).phases == [])
  }

  @Test func `a moment between splits a sample in two`() {
    let samples = RawSamples(splitting: records(2), warmUp: 0)
    #expect(samples.phases == [[30, 30], [70, 70]])
    let outside = RawSamples(splitting: [BenchRecord(begin: 10, end: 20, between: .max)], warmUp: 0)
    #expect(outside.totals == [10])
    #expect(outside.phases == [])
  }

  @Test func `a timer that fires early is in time`() {
    #expect(RawSamples([BenchRecord(begin: 100, end: 90, between: 0)], warmUp: 0).totals == [0])
  }

  @Test func `batches are joined, and lose their parts where one has none`() {
    let known = RawSamples(totals: [1], phases: [[2], [3]], elapsed: 10)
    var both = RawSamples()
    both.append(known)
    both.append(known)
    #expect(both == RawSamples(totals: [1, 1], phases: [[2, 2], [3, 3]], elapsed: 20))
    both.append(RawSamples(totals: [5], elapsed: 1))
    #expect(both == RawSamples(totals: [1, 1, 5], phases: [], elapsed: 21))
    both.append(known)
    #expect(both.phases == [])
  }

  @Test func `batches with three parts and with two have two`() {
    var both = RawSamples(totals: [10], phases: [[1], [2], [7]])
    both.append(RawSamples(totals: [20], phases: [[15], [5]]))
    #expect(both.phases == [[8, 15], [2, 5]])
  }

  @Test func `a kick ends with the first return after it`() {
    let records = KickMeasurement.records(sent: [100, 200, 300], returns: [50, 130, 240, 245, 390])
    #expect(records.map(\.end) == [130, 240, 390])
    #expect(records.map(\.begin) == [100, 200, 300])
  }
}
