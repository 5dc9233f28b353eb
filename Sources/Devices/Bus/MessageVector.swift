internal import CLinux
public import SystemPackage

/// A message-signalled interrupt: the write that a device would do (PCI Local Bus 3.0 section 6.8).
public struct InterruptMessage: Hashable, Sendable, Codable {
  public var address: UInt64
  public var data: UInt32

  public init(address: UInt64, data: UInt32) {
    self.address = address
    self.data = data
  }
}

/// One message vector of a device.
///
/// It is an eventfd. While a router connects it, the kernel turns each signal into the message without
/// a system call of ours; while it is not connected, signals stay in the counter, and that is the
/// pending bit.
public final class MessageVector: Sendable {
  public let event: EventDescriptor
  /// The router's own number for it: a GSI.
  public let number: UInt32

  public init(number: UInt32) throws(Errno) {
    event = try EventDescriptor()
    self.number = number
  }

  public func signal() {
    event.signal()
  }

  /// Whether a signal waits.
  public var isPending: Bool {
    var entry = pollfd(fd: event.number, events: Int16(POLLIN), revents: 0)
    // One entry, as told; a timeout of 0 does not wait.
    return unsafe poll(&entry, 1, 0) > 0
  }
}

/// Takes message vectors to the machine's interrupt controllers.
public protocol MessageRouter: AnyObject, Sendable {
  /// A vector that is not connected yet. ENOSPC: the machine has no more.
  func makeVector() throws(Errno) -> MessageVector

  /// From now on a signal of `vector`, and one that waits, is `message`. What the machine refuses is
  /// dropped: the guest wrote it.
  func connect(_ vector: MessageVector, to message: InterruptMessage)

  /// From now on signals of `vector` wait.
  func disconnect(_ vector: MessageVector)
}

/// A level-triggered interrupt line that several devices may share, as PCI's INTA to INTD.
///
/// `event` asserts it. The machine lowers it when the guest ends the interrupt, and signals
/// `acknowledged`, upon which a device that still wants attention asserts it again.
public final class LevelInterruptLine: Sendable {
  public let event: EventDescriptor
  public let acknowledged: EventDescriptor

  public init() throws(Errno) {
    event = try EventDescriptor()
    acknowledged = try EventDescriptor()
  }

  public func assert() {
    event.signal()
  }
}

/// Connects notifications that a guest writes to an address with the workers that wait for them.
public protocol DoorbellRegistry: AnyObject, Sendable {
  /// From now on a write to `address` signals `doorbell` and reaches nobody else. Where the machine
  /// refuses it, writes reach the device, which signals the doorbell itself.
  func connect(_ doorbell: SharedEvent, at address: GuestAddress)

  /// Ends what `connect` began for the same pair.
  func disconnect(_ doorbell: SharedEvent, at address: GuestAddress)
}
