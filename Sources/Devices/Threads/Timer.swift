internal import CLinux
public import SystemPackage

/// A one-shot timer that an event loop can watch (timerfd(2), monotonic clock).
public struct Timer: ~Copyable, Sendable {
  private let descriptor: OwnedDescriptor

  public init() throws(Errno) {
    descriptor = try OwnedDescriptor(result: clinux_timerfd())
  }

  /// The number, for `EventLoop.watch`. Valid while this value lives.
  public var number: Int32 { descriptor.number }

  /// Fires once, `nanoseconds` from now; 0 disarms.
  public func arm(nanoseconds: UInt64) {
    // Fails only for a descriptor that is no timerfd, which this one is.
    _ = clinux_timerfd_arm(descriptor.number, nanoseconds)
  }

  /// Takes the expiry, so that the loop does not report it again. Whether it had fired.
  @discardableResult
  public func take() -> Bool {
    clinux_counter_take(descriptor.number) > 0
  }
}
