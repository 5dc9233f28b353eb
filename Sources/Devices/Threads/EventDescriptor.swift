internal import CLinux
public import SystemPackage

/// An eventfd(2): a counter that wakes whoever waits for it, in the kernel or in an event loop.
public struct EventDescriptor: ~Copyable, Sendable {
  @usableFromInline let descriptor: OwnedDescriptor

  public init() throws(Errno) {
    descriptor = try OwnedDescriptor(result: clinux_eventfd())
  }

  /// The number, for epoll, KVM_IRQFD and KVM_IOEVENTFD. Valid while this value lives.
  public var number: Int32 { descriptor.number }

  /// Adds one to the counter. Never blocks and never fails: a full counter wakes its reader as well.
  public func signal() {
    clinux_eventfd_signal(descriptor.number)
  }

  /// Takes the count, leaving zero.
  @discardableResult
  public func take() -> UInt64 {
    clinux_counter_take(descriptor.number)
  }
}

/// An `EventDescriptor` that several threads share.
public final class SharedEvent: Sendable {
  public let event: EventDescriptor

  public init() throws(Errno) {
    event = try EventDescriptor()
  }
}
