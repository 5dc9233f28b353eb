internal import Synchronization
public import SystemPackage

/// A PC's real-time clock: an MC146818A behind an index and a data port, wired to an edge-triggered
/// interrupt (IRQ 8) and to the host's clock.
///
/// The alarm and the once-a-second interrupt need a timer, which the machine's event loop has: it
/// arms one by `nextDeadline()` at the start, at each signal of `deadlineChanged` and after each
/// `timerFired()`.
public final class RealTimeClock: ByteBusDevice {
  private let chip: Mutex<CMOS>
  private let interrupt: InterruptLine
  private let clock: any Clock

  /// Signalled when the guest did something that moved the next deadline.
  public let deadlineChanged: EventDescriptor

  /// - Throws: the errno of eventfd(2).
  public init(interrupt: InterruptLine, clock: any Clock, memory: CMOS.MemorySize) throws(Errno) {
    chip = Mutex(CMOS(memory: memory, now: clock.unixNanoseconds))
    self.interrupt = interrupt
    self.clock = clock
    deadlineChanged = try EventDescriptor()
  }

  public func readByte(at offset: UInt64) -> UInt8 {
    // The index port is write-only.
    guard offset & 1 != 0 else { return 0xFF }
    return access { chip, now in chip.read(now: now) }
  }

  public func writeByte(_ value: UInt8, at offset: UInt64) {
    if offset & 1 == 0 {
      chip.withLock { $0.select(value) }
    } else {
      access { chip, now in chip.write(value, now: now) }
    }
  }

  /// Nanoseconds, at least 1, until `timerFired()` is wanted; nil for never.
  public func nextDeadline() -> UInt64? {
    let now = clock.unixNanoseconds
    return chip.withLock { chip in
      chip.deadline.map { UInt64(max($0 &- now, 1)) }
    }
  }

  /// The time that `nextDeadline()` told is over, or the timer is early: nothing is lost by a call
  /// too many.
  public func timerFired() {
    let now = clock.unixNanoseconds
    chip.withLock { chip in
      chip.update(now: now)
      if chip.takeInterruptEdge() { interrupt.pulse() }
    }
  }

  /// One access by the guest, and what it changes on the wires.
  private func access<Result: Sendable>(_ body: (inout CMOS, Int64) -> Result) -> Result {
    let now = clock.unixNanoseconds
    return chip.withLock { chip in
      let before = chip.deadline
      let result = body(&chip, now)
      if chip.takeInterruptEdge() { interrupt.pulse() }
      if let deadline = chip.deadline, deadline != before { deadlineChanged.signal() }
      return result
    }
  }
}

extension RealTimeClock: StatefulDevice {
  public typealias State = CMOS.State

  public var state: State { chip.withLock { $0.state } }

  public func restore(_ state: State) throws(InvalidState) {
    let restored = try CMOS(state)
    chip.withLock { chip in
      chip = restored
      if chip.takeInterruptEdge() { interrupt.pulse() }
      deadlineChanged.signal()
    }
  }
}
