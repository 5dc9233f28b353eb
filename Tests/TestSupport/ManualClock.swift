public import Devices
internal import Synchronization

/// A clock that stands still until a test moves it.
public final class ManualClock: Devices.Clock {
  private let monotonic = Atomic<UInt64>(0)
  private let unix: Atomic<Int64>

  /// - Parameter unixSeconds: seconds since 1970-01-01T00:00:00Z.
  public init(unixSeconds: Int64) {
    unix = Atomic(unixSeconds * 1_000_000_000)
  }

  public var monotonicNanoseconds: UInt64 { monotonic.load(ordering: .relaxed) }
  public var unixNanoseconds: Int64 { unix.load(ordering: .relaxed) }

  /// Lets time pass on both clocks.
  public func advance(nanoseconds: UInt64) {
    monotonic.wrappingAdd(nanoseconds, ordering: .relaxed)
    unix.wrappingAdd(Int64(nanoseconds), ordering: .relaxed)
  }

  /// Lets time pass on both clocks.
  public func advance(seconds: UInt64) {
    advance(nanoseconds: seconds * 1_000_000_000)
  }

  /// Sets the time of day, as an administrator or NTP does.
  public func set(unixSeconds: Int64) {
    unix.store(unixSeconds * 1_000_000_000, ordering: .relaxed)
  }
}
