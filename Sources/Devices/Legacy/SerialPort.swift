public import Synchronization
public import SystemPackage

/// Where a serial port's output goes.
public protocol SerialSink: AnyObject, Sendable {
  /// Takes `byte`, or returns false when there is no room now: once there is, the sink's side calls
  /// `ConsolePort.transmitterReady()`.
  ///
  /// Called on a vCPU's thread with the port's lock held, one call at a time: it must neither block
  /// nor call the port.
  func accept(_ byte: UInt8) -> Bool
}

/// A PC's serial port: a 16550A on eight ports, wired to an edge-triggered interrupt and to a sink.
///
/// Input comes from one thread, the console's. No byte of it is lost: `receive` takes what fits and
/// `receiveRoom` says when to go on.
public final class SerialPort: ByteBusDevice, ConsolePort {
  private struct Wiring {
    var chip: UART16550
    /// `receive` took less than it was offered.
    var callerWaits = false
  }

  private let wiring: Mutex<Wiring>
  private let interrupt: InterruptLine
  private let sink: any SerialSink

  /// Signalled when the guest can take input again after `receive` took less than it was offered:
  /// it has emptied the FIFO, or raised RTS, or left loopback.
  public let receiveRoom: SharedEvent

  /// Bytes and breaks that the guest was given.
  public let bytesIn = Atomic<UInt64>(0)
  /// Bytes that the sink took.
  public let bytesOut = Atomic<UInt64>(0)

  /// - Parameter connected: whether somebody is at the other end: CTS, DSR and DCD.
  /// - Throws: the errno of eventfd(2).
  public init(interrupt: InterruptLine, sink: any SerialSink, connected: Bool = true) throws(Errno) {
    wiring = Mutex(Wiring(chip: UART16550(connected: connected)))
    self.interrupt = interrupt
    self.sink = sink
    receiveRoom = try SharedEvent()
  }

  public func readByte(at offset: UInt64) -> UInt8 {
    wiring.withLock { wiring in
      let value = wiring.chip.read(UInt8(truncatingIfNeeded: offset))
      settle(&wiring)
      return value
    }
  }

  public func writeByte(_ value: UInt8, at offset: UInt64) {
    wiring.withLock { wiring in
      wiring.chip.write(value, to: UInt8(truncatingIfNeeded: offset))
      drain(&wiring)
      settle(&wiring)
    }
  }

  /// Gives the guest the first bytes of `bytes`, as many as it has room for now.
  /// - Returns: how many. Where that is fewer than offered, `receiveRoom` follows.
  public func receive(_ bytes: borrowing Span<UInt8>) -> Int {
    wiring.withLock { wiring in
      let count = min(bytes.count, wiring.chip.receiveSpace)
      for index in 0..<count { wiring.chip.receive(bytes[index]) }
      wiring.callerWaits = count < bytes.count
      bytesIn.wrappingAdd(UInt64(truncatingIfNeeded: count), ordering: .relaxed)
      settle(&wiring)
      return count
    }
  }

  /// Gives the guest a break.
  /// - Returns: false when it has no room now; `receiveRoom` follows.
  public func receiveBreak() -> Bool {
    wiring.withLock { wiring in
      guard wiring.chip.receiveSpace > 0 else {
        wiring.callerWaits = true
        return false
      }
      wiring.chip.receiveBreak()
      bytesIn.wrappingAdd(1, ordering: .relaxed)
      settle(&wiring)
      return true
    }
  }

  /// The sink has room again.
  public func transmitterReady() {
    wiring.withLock { wiring in
      drain(&wiring)
      settle(&wiring)
    }
  }

  /// A peer comes or goes: CTS, DSR and DCD follow.
  public func setConnected(_ connected: Bool) {
    wiring.withLock { wiring in
      wiring.chip.setConnected(connected)
      settle(&wiring)
    }
  }

  /// Hands the sink what the transmitter holds, as far as there is room.
  private func drain(_ wiring: inout Wiring) {
    while let byte = wiring.chip.transmission, sink.accept(byte) {
      wiring.chip.transmitted()
      bytesOut.wrappingAdd(1, ordering: .relaxed)
    }
  }

  /// Ends every access: passes on what it changed on the wires.
  private func settle(_ wiring: inout Wiring) {
    if wiring.chip.takeInterruptEdge() { interrupt.pulse() }
    // Room is told of when the FIFO is empty, not at each byte: a wake-up a burst, not one a byte.
    if wiring.callerWaits, wiring.chip.isReadyToReceive, wiring.chip.receiveCount == 0 {
      wiring.callerWaits = false
      receiveRoom.event.signal()
    }
  }
}

extension SerialPort: StatefulDevice {
  public typealias State = UART16550.State

  public var state: State { wiring.withLock { $0.chip.state } }

  public func restore(_ state: State) throws(InvalidState) {
    let chip = try UART16550(state)
    wiring.withLock { wiring in
      wiring.chip = chip
      // Whoever waited for room must ask again: the FIFO is another one now.
      wiring.callerWaits = true
      drain(&wiring)
      settle(&wiring)
    }
  }
}
