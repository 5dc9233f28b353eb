internal import CLinux

/// Time as devices need it: a test sets it by hand.
public protocol Clock: Sendable {
  /// Nanoseconds since some fixed moment; never goes back.
  var monotonicNanoseconds: UInt64 { get }
  /// Seconds since 1970-01-01T00:00:00Z.
  var unixSeconds: Int64 { get }
}

/// The host's clocks.
public struct HostClock: Clock {
  public init() {}

  public var monotonicNanoseconds: UInt64 {
    let now = Self.now(CLOCK_MONOTONIC)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
  }

  public var unixSeconds: Int64 {
    Int64(Self.now(CLOCK_REALTIME).tv_sec)
  }

  private static func now(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // The kernel writes the whole of `time`; these clocks cannot fail.
    unsafe clock_gettime(clock, &time)
    return time
  }
}
