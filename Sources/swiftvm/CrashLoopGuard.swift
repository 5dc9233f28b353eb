/// Tells a guest that reboots by triple fault from one that faults at once, again and again.
struct CrashLoopGuard {
  static let limit = 3
  private static let quick: UInt64 = 2_000_000_000
  private var last: UInt64
  private var count = 0

  /// Times are in nanoseconds of the monotonic clock.
  init(startedAt now: UInt64) {
    last = now
  }

  /// Whether the machine should not be started again.
  mutating func noteTripleFault(at now: UInt64) -> Bool {
    count = now &- last < Self.quick ? count + 1 : 1
    last = now
    return count >= Self.limit
  }
}
