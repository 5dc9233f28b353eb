internal import CLinux

/// A kind that can be measured here, with what it needs made and kept.
protocol Measurement {
  /// Takes `samples` samples, after some that do not count.
  mutating func run(_ side: BenchSide, samples: Int) throws(BenchError) -> RawSamples
}

/// What measurements have of the host.
struct BenchHost: Sendable {
  /// The CPUs for the threads of a measurement, one each; empty: wherever the kernel puts them.
  let cpus: [Int32]
  let ticksPerSecond: Double

  func ticks(microseconds: Double) -> UInt64 { UInt64(ticksPerSecond * microseconds / 1e6) }

  /// Keeps the calling thread on the CPU of thread `index` of a measurement.
  func pin(thread index: Int) {
    // Allowed when the list was made; a change meanwhile costs precision only.
    if cpus.indices.contains(index) { _ = clinux_pin_thread(cpus[index]) }
  }
}
