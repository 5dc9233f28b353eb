internal import CLinux
internal import Synchronization
public import SystemPackage

/// The way from a port of the guest's to a person: a buffer, and a thread that writes it out.
///
/// A reader that stops reading holds up this thread and, once the buffer is full, the guest's
/// transmitter; never a vCPU. A reader that goes away is forgotten, and the guest goes on.
public final class ConsoleOutput: ConsoleSink {
  /// An open descriptor that the writer and whoever attached it share.
  public final class Target: Sendable {
    let descriptor: OwnedDescriptor
    /// For polling and shutting down; valid while this lives.
    public var number: Int32 { descriptor.number }
    /// Whether bytes are dropped while no one has the other end open (a pseudo terminal's master).
    let isPseudoTerminal: Bool

    public init(_ descriptor: consuming OwnedDescriptor, isPseudoTerminal: Bool = false) {
      self.descriptor = descriptor
      self.isPseudoTerminal = isPseudoTerminal
    }
  }

  private let ring = ConsoleRing(capacity: 1 << 16)
  private let target: Mutex<Target?>
  private let port = Mutex<(any ConsolePort)?>(nil)
  private let wake: EventDescriptor
  private let isSleeping = Atomic<Bool>(false)
  private let isStarved = Atomic<Bool>(false)
  private let isClosing = Atomic<Bool>(false)
  private let accepted = Atomic<UInt64>(0)
  private let errno = Atomic<Int32>(0)

  /// Signalled when writing failed and the target was given up; `lastFailure` tells why.
  public let failed: EventDescriptor
  private let finished: EventDescriptor

  /// Starts the writer thread. Without a target, bytes are dropped until one is attached.
  public init(target: Target?) throws(Errno) {
    self.target = Mutex(target)
    wake = try EventDescriptor()
    failed = try EventDescriptor()
    finished = try EventDescriptor()
    // The thread keeps this object, and ends by itself after `finish`; nobody waits for it longer.
    try HostThread(name: "console") { [self] in writeUntilClosed() }.detach()
  }

  public var byteCount: UInt64 { accepted.load(ordering: .relaxed) }

  /// Why the last target was given up.
  public var lastFailure: Errno { Errno(rawValue: errno.load(ordering: .acquiring)) }

  /// Takes one byte from the serial port, under its lock.
  public func accept(_ byte: UInt8) -> Bool {
    guard ring.put(byte) else {
      isStarved.store(true, ordering: .sequentiallyConsistent)
      // The writer may have emptied the ring just before the flag rose, and gone to sleep.
      wake.signal()
      return false
    }
    accepted.wrappingAdd(1, ordering: .relaxed)
    if isSleeping.load(ordering: .sequentiallyConsistent) { wake.signal() }
    return true
  }

  /// Takes many bytes at once, from one thread.
  public func accept(_ bytes: UnsafeRawBufferPointer) -> Int {
    let count = unsafe ring.put(bytes)
    accepted.wrappingAdd(UInt64(count), ordering: .relaxed)
    if count < bytes.count {
      // As above.
      isStarved.store(true, ordering: .sequentiallyConsistent)
      wake.signal()
    } else if isSleeping.load(ordering: .sequentiallyConsistent) {
      wake.signal()
    }
    return count
  }

  /// Sets the port to call when there is room again, or none.
  public func attach(_ port: (any ConsolePort)?) {
    self.port.withLock { $0 = port }
  }

  /// Sends bytes to `target` from now on; nil drops them.
  public func redirect(to target: Target?) {
    self.target.withLock { $0 = target }
  }

  /// Writes out what waits, for at most `milliseconds`, and ends the writer thread.
  public func finish(milliseconds: Int32) {
    isClosing.store(true, ordering: .sequentiallyConsistent)
    wake.signal()
    var event = pollfd(fd: finished.number, events: Int16(POLLIN), revents: 0)
    // One entry, as told.
    _ = unsafe poll(&event, 1, milliseconds)
  }

  // MARK: The writer thread

  private func writeUntilClosed() {
    while true {
      unsafe ring.consume { unsafe write($0) }
      if isStarved.exchange(false, ordering: .sequentiallyConsistent) {
        port.withLock { $0 }?.transmitterReady()
      }
      guard ring.isEmpty else { continue }
      if isClosing.load(ordering: .sequentiallyConsistent) { break }
      sleep()
    }
    finished.signal()
  }

  private func sleep() {
    isSleeping.store(true, ordering: .sequentiallyConsistent)
    // A byte that came before the flag rose found nobody to wake.
    if ring.isEmpty, !isClosing.load(ordering: .sequentiallyConsistent) {
      var event = pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0)
      // One entry, as told.
      _ = unsafe poll(&event, 1, -1)
    }
    isSleeping.store(false, ordering: .relaxed)
    wake.take()
  }

  /// Writes some of `bytes`; how many are done with.
  private func write(_ bytes: UnsafeRawBufferPointer) -> Int {
    guard bytes.count > 0 else { return 0 }
    guard let target = target.withLock({ $0 }) else { return bytes.count }
    var event = pollfd(fd: target.descriptor.number, events: Int16(POLLOUT), revents: 0)
    // One entry, as told.
    _ = unsafe poll(&event, 1, -1)
    if target.isPseudoTerminal, event.revents & Int16(POLLHUP) != 0 { return bytes.count }
    // The buffer outlives the call.
    let written = unsafe systemWrite(target.descriptor.number, bytes)
    if written >= 0 { return written }
    let error = Errno(rawValue: clinux_errno())
    if error == .interrupted || error == .wouldBlock { return 0 }
    giveUp(target, because: error)
    return bytes.count
  }

  private func giveUp(_ lost: Target, because error: Errno) {
    errno.store(error.rawValue, ordering: .releasing)
    // A new target may have come meanwhile: leave that alone.
    target.withLock { if $0 === lost { $0 = nil } }
    failed.signal()
  }
}

/// write(2), under a name that `ConsoleOutput.write` does not hide.
private func systemWrite(_ descriptor: Int32, _ bytes: UnsafeRawBufferPointer) -> Int {
  // The buffer is as long as told.
  unsafe write(descriptor, bytes.baseAddress, bytes.count)
}
