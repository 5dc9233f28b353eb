internal import CLinux

/// A kind that can be measured here, with what it needs made and kept.
protocol Measurement {
  /// Takes `samples` samples, after some that do not count.
  mutating func run(_ side: BenchSide, samples: Int) throws(BenchError) -> RawSamples
}

/// A kind that its guest can be measured for some samples at a time.
protocol BatchedMeasurement: Measurement {
  var kind: ExitKind { get }
  /// The most samples of a batch.
  var mostSamples: Int { get }

  /// Takes `count` samples, of which the first `warmUp` do not count.
  func batch(_ side: BenchSide, of count: Int, warmUp: Int) throws(BenchError) -> RawSamples
}

extension BatchedMeasurement {
  var mostSamples: Int { BenchLayout.mostRecords }

  func run(_ side: BenchSide, samples wanted: Int) throws(BenchError) -> RawSamples {
    var result = RawSamples()
    var warmUp = kind.warmUp(samples: wanted)
    while result.totals.count < wanted {
      let count = min(warmUp + wanted - result.totals.count, mostSamples)
      result.append(try batch(side, of: count, warmUp: min(warmUp, count)))
      warmUp = max(0, warmUp - count)
    }
    return result
  }
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
