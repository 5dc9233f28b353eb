internal import CLinux
internal import Synchronization
public import SystemPackage

/// The way from a port of the guest's to a person: a buffer, and a thread that writes it out.
///
/// A reader that stops reading holds up this thread and, once the buffer is full, the guest's
/// transmitter; never a vCPU. A bystander, who came by a socket or a pseudo terminal, is waited for
/// a second: then what the buffer has no room for is dropped, and he is told how much when he reads
/// again. A reader that goes away is forgotten, and the guest goes on.
public final class ConsoleOutput: ConsoleSink {
  /// Who is at the other end.
  public enum Reader: Sendable {
    /// Whoever started the machine, with standard output or a file: waited for, as a pager wants it.
    case owner
    case socket
    /// Who has the pseudo terminal open whose master this is. While no one has, bytes are dropped.
    case pseudoTerminal
  }

  /// An open descriptor that the writer and whoever attached it share.
  public final class Target: Sendable {
    let descriptor: OwnedDescriptor
    /// For polling and shutting down; valid while this lives.
    public var number: Int32 { descriptor.number }
    let reader: Reader

    public init(_ descriptor: consuming OwnedDescriptor, for reader: Reader) {
      // A bystander who reads slowly must not hold up a write either. Nobody else has the description.
      if reader != .owner { _ = clinux_set_nonblocking(descriptor.number) }
      self.descriptor = descriptor
      self.reader = reader
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

  /// A bystander who did not read for a second.
  private struct Stall {
    let target: Target
    /// Bytes dropped since.
    var dropped: UInt64 = 0
  }

  /// How long a bystander is waited for, in milliseconds.
  private static let patience: Int32 = 1000

  private func writeUntilClosed() {
    var stall: Stall?
    // What a bystander is to be told before he gets more.
    var notice: ArraySlice<UInt8> = []
    while true {
      if stall == nil {
        if notice.isEmpty {
          unsafe ring.consume { unsafe write($0, &stall) }
        } else {
          let written = unsafe notice.withUnsafeBytes { unsafe write($0, &stall) }
          notice = notice.dropFirst(written)
        }
      }
      let isClosing = isClosing.load(ordering: .sequentiallyConsistent)
      // What has room stays: the latest output is there for who reads again.
      if stall != nil, isClosing || ring.isFull { drop(&stall) }
      if isStarved.exchange(false, ordering: .sequentiallyConsistent) {
        port.withLock { $0 }?.transmitterReady()
      }
      if stall == nil, !ring.isEmpty || !notice.isEmpty { continue }
      if isClosing { break }
      guard let waiting = stall else {
        sleep()
        continue
      }
      guard hasReader(waiting.target) else { continue }
      stall = nil
      // Who left reads no more, and who came in his place missed nothing.
      if waiting.dropped > 0, target.withLock({ $0 === waiting.target }) {
        notice += Self.notice(waiting.dropped).utf8
      }
    }
    finished.signal()
  }

  private static func notice(_ dropped: UInt64) -> String {
    "\r\n[swiftvm: \(dropped) bytes of output dropped here, which nobody read]\r\n"
  }

  /// Empties the ring.
  private func drop(_ stall: inout Stall?) {
    // At most twice: the ring offers what lies before its end, then what lies behind its start.
    for _ in 0..<2 {
      unsafe ring.consume { bytes in
        stall?.dropped &+= UInt64(bytes.count)
        return bytes.count
      }
    }
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

  /// Sleeps until `target` takes bytes or is gone, or until the guest lacks room.
  private func hasReader(_ target: Target) -> Bool {
    var events = [
      pollfd(fd: wake.number, events: Int16(POLLIN), revents: 0),
      pollfd(fd: target.number, events: Int16(POLLOUT), revents: 0),
    ]
    // As many entries as told.
    _ = unsafe poll(&events, nfds_t(events.count), -1)
    if events[0].revents != 0 { wake.take() }
    return events[1].revents != 0
  }

  /// Writes some of `bytes`; how many are done with. None where a bystander makes no progress.
  private func write(_ bytes: UnsafeRawBufferPointer, _ stall: inout Stall?) -> Int {
    guard bytes.count > 0 else { return 0 }
    guard let target = target.withLock({ $0 }) else { return bytes.count }
    var event = pollfd(fd: target.number, events: Int16(POLLOUT), revents: 0)
    // One entry, as told.
    let count = unsafe poll(&event, 1, target.reader == .owner ? -1 : Self.patience)
    guard count != 0 else {
      stall = Stall(target: target)
      return 0
    }
    if target.reader == .pseudoTerminal, event.revents & Int16(POLLHUP) != 0 { return bytes.count }
    // The buffer outlives the call.
    let written = unsafe systemWrite(target.number, bytes)
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
