internal import CLinux

/// Time as devices need it: a test sets it by hand.
public protocol Clock: Sendable {
  /// Nanoseconds since some fixed moment; never goes back.
  var monotonicNanoseconds: UInt64 { get }
  /// Nanoseconds since 1970-01-01T00:00:00Z.
  var unixNanoseconds: Int64 { get }
}

extension Clock {
  /// Whole seconds since 1970-01-01T00:00:00Z.
  public var unixSeconds: Int64 { unixNanoseconds / 1_000_000_000 }
}

/// The host's clocks.
public struct HostClock: Clock {
  public init() {}

  public var monotonicNanoseconds: UInt64 {
    let now = Self.now(CLOCK_MONOTONIC)
    return UInt64(now.tv_sec) &* 1_000_000_000 &+ UInt64(now.tv_nsec)
  }

  public var unixNanoseconds: Int64 {
    let now = Self.now(CLOCK_REALTIME)
    return Int64(now.tv_sec) &* 1_000_000_000 &+ Int64(now.tv_nsec)
  }

  private static func now(_ clock: clockid_t) -> timespec {
    var time = timespec()
    // The kernel writes the whole of `time`; these clocks cannot fail.
    unsafe clock_gettime(clock, &time)
    return time
  }
}
