import Testing

@testable import Hypervisor

struct NoiseTests {
  private let before: [UInt64] = [100, 0, 100, 800, 0, 0, 0, 0, 0, 0]

  private func after(idle: UInt64, stolen: UInt64) -> [UInt64] {
    [100, 0, 100, 800 + idle, 0, 0, 0, stolen, 0, 0]
  }

  @Test func `a quiet machine is not mentioned`() {
    let notes = NoiseMeter.notes(
      switches: 3, before: before, after: after(idle: 1000, stolen: 5), medians: [100, 104, 109])
    #expect(notes == [])
  }

  @Test func `each kind of noise is told`() {
    #expect(
      NoiseMeter.notes(switches: 0, before: [], after: [], medians: [100, 120, 90])
        == ["noisy: the repetitions' medians differ by 30 %"])
    #expect(
      NoiseMeter.notes(switches: 7, before: [], after: [], medians: [100, 100, 100])
        == ["noisy: others had the CPU 7 times"])
    #expect(
      NoiseMeter.notes(switches: 0, before: before, after: after(idle: 900, stolen: 100), medians: [100])
        == ["noisy: an outer hypervisor had the CPUs for 10 % of the time"])
  }
}
