internal import CLinux
internal import Devices

/// How fast the time stamp counter counts.
enum TimeBase {
  /// Ticks a second, by the monotonic clock over 50 ms.
  static func ticksPerSecond() -> Double {
    let clock = HostClock()
    // The shortest of several readings of both is the one that nobody interrupted.
    func now() -> (ticks: UInt64, nanoseconds: UInt64) {
      var best: (width: UInt64, ticks: UInt64, nanoseconds: UInt64) = (.max, 0, 0)
      for _ in 0..<10 {
        let before = clinux_ticks()
        let nanoseconds = clock.monotonicNanoseconds
        let width = clinux_ticks() &- before
        if width < best.width { best = (width, before &+ width / 2, nanoseconds) }
      }
      return (best.ticks, best.nanoseconds)
    }
    let begin = now()
    var end = begin
    while end.nanoseconds &- begin.nanoseconds < 50_000_000 { end = now() }
    return Double(end.ticks &- begin.ticks) / Double(end.nanoseconds &- begin.nanoseconds) * 1e9
  }
}
