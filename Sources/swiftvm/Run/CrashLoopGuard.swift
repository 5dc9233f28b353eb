/// Tells a guest that crashes now and then, or reboots by triple fault, from one that crashes as soon as it runs,
/// again and again.
struct CrashLoopGuard {
  enum Crash {
    case tripleFault
    /// A kernel boots for a while before it finds that it has no root file system.
    case panic

    /// Nanoseconds within which it comes as soon as the guest runs.
    fileprivate var quick: UInt64 {
      switch self {
      case .tripleFault: 2_000_000_000
      case .panic: 60_000_000_000
      }
    }
  }

  static let limit = 3
  private var last: UInt64
  private var count = 0

  /// Times are in nanoseconds of the monotonic clock.
  init(startedAt now: UInt64) {
    last = now
  }

  /// Whether the machine should not be started again.
  mutating func note(_ crash: Crash, at now: UInt64) -> Bool {
    count = now &- last < crash.quick ? count + 1 : 1
    last = now
    return count >= Self.limit
  }
}
