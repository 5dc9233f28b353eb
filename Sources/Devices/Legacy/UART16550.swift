/// A National Semiconductor 16550A UART (data sheet PC16550D), the chip alone: no wires, no locks.
///
/// The line has no speed, no parity and no word length: a byte leaves or arrives whole and at once,
/// and the divisor and format registers merely keep what is written to them. Two consequences:
///
/// - The transmitter is empty whenever the line has room, so a byte written is offered to the line
///   at once. It waits in the transmit FIFO only when the line refuses it.
/// - The character timeout, four character times on a wire, is over as soon as a burst has arrived:
///   data below the trigger level is reported as a timeout straight away. Reading a byte ends the
///   timeout as in the data sheet, and what remains in the FIFO raises it anew, as one more edge.
public struct UART16550: Sendable {
  var interruptEnable: InterruptEnable = []
  var lineControl: LineControl = []
  var modemControl: ModemControl = []
  var modemDeltas: ModemStatus = []
  var scratch: UInt8 = 0
  /// 115200 baud, as firmware leaves it: a driver that divides by it must not find zero.
  var divisor: UInt16 = 1
  var fifosEnabled = false
  /// Bytes that raise the received-data interrupt: 1, 4, 8 or 14.
  var triggerLevel: UInt8 = 1
  var receiveFIFO = ByteFIFO()
  /// Bit n: the byte n places from the top of the receive FIFO is a break.
  var breaks: UInt16 = 0
  var overrun = false
  var transmitFIFO = ByteFIFO()
  /// The "transmitter holding register empty" cause, kept until it is read or a byte is written.
  var transmitterInterrupt = false
  /// The guest raised RTS on the line at some time, so that dropping it means something.
  var hasRaisedRTS = false
  /// What is on the other end: a peer asserts CTS, DSR and DCD.
  var isConnected: Bool

  private var lineWasHigh = false
  private var lineDipped = false

  public init(connected: Bool = true) {
    isConnected = connected
  }

  /// Bytes that a FIFO takes: one where FIFOs are off.
  var capacity: UInt8 { fifosEnabled ? UInt8(ByteFIFO.capacity) : 1 }

  var isLoopback: Bool { modemControl.contains(.loopback) }

  /// Reads register 0 to 7; higher bits are not decoded.
  public mutating func read(_ register: UInt8) -> UInt8 {
    switch register & 7 {
    case 0:
      return lineControl.contains(.divisorLatchAccess) ? UInt8(truncatingIfNeeded: divisor) : takeReceived()
    case 1:
      return lineControl.contains(.divisorLatchAccess)
        ? UInt8(truncatingIfNeeded: divisor &>> 8) : interruptEnable.rawValue
    case 2: return identifyInterrupt()
    case 3: return lineControl.rawValue
    case 4: return modemControl.rawValue
    case 5: return takeLineStatus()
    case 6: return takeModemStatus()
    default: return scratch
    }
  }

  /// Writes register 0 to 7; higher bits are not decoded. The status registers keep no write.
  public mutating func write(_ value: UInt8, to register: UInt8) {
    switch register & 7 {
    case 0 where lineControl.contains(.divisorLatchAccess):
      divisor = divisor & 0xFF00 | UInt16(value)
    case 0: transmit(value)
    case 1 where lineControl.contains(.divisorLatchAccess):
      divisor = divisor & 0x00FF | UInt16(value) &<< 8
    case 1: enableInterrupts(InterruptEnable(rawValue: value).intersection(.all))
    case 2: controlFIFOs(value)
    case 3: lineControl = LineControl(rawValue: value)
    case 4: controlModem(ModemControl(rawValue: value).intersection(.all))
    case 5, 6: break
    default: scratch = value
    }
  }

  // MARK: Interrupts

  /// The cause with the highest priority (data sheet, table IV).
  var cause: InterruptCause {
    if interruptEnable.contains(.lineStatus), overrun || breaks & 1 != 0 { return .lineStatus }
    if interruptEnable.contains(.receivedData), !receiveFIFO.isEmpty {
      return !fifosEnabled || receiveFIFO.count >= triggerLevel ? .receivedData : .characterTimeout
    }
    if interruptEnable.contains(.transmitterEmpty), transmitterInterrupt { return .transmitterEmpty }
    if interruptEnable.contains(.modemStatus), !modemDeltas.isEmpty { return .modemStatus }
    return .none
  }

  /// The level of the interrupt line. A PC lets the chip drive it through OUT2, which loopback
  /// forces inactive.
  public var interruptOutput: Bool {
    modemControl.contains(.out2) && !isLoopback && cause != .none
  }

  /// Whether the interrupt line rose since the last call. Asked once after every access: a level
  /// that an access lowers and raises again is no edge, but for the character timeout.
  public mutating func takeInterruptEdge() -> Bool {
    let isHigh = interruptOutput
    let rose = isHigh && (!lineWasHigh || lineDipped)
    lineWasHigh = isHigh
    lineDipped = false
    return rose
  }

  private mutating func identifyInterrupt() -> UInt8 {
    let cause = cause
    if cause == .transmitterEmpty { transmitterInterrupt = false }
    return cause.rawValue | (fifosEnabled ? 0xC0 : 0)
  }

  private mutating func enableInterrupts(_ enabled: InterruptEnable) {
    // Enabling the cause while the transmitter is idle raises it: drivers start sending that way.
    if enabled.contains(.transmitterEmpty), !interruptEnable.contains(.transmitterEmpty), transmitFIFO.isEmpty
    {
      transmitterInterrupt = true
    }
    interruptEnable = enabled
  }

  // MARK: Transmitter

  private mutating func transmit(_ byte: UInt8) {
    transmitterInterrupt = false
    if isLoopback {
      arrive(byte, isBreak: false)
      transmitterInterrupt = transmitFIFO.isEmpty
    } else if transmitFIFO.count < capacity {
      transmitFIFO.push(byte)
    }
  }

  /// The next byte for the line, still the transmitter's own until `transmitted()`.
  public var transmission: UInt8? { isLoopback ? nil : transmitFIFO.first }

  /// The line took `transmission`.
  public mutating func transmitted() {
    if transmitFIFO.pop() != nil, transmitFIFO.isEmpty { transmitterInterrupt = true }
  }

  // MARK: Receiver

  /// Whether the guest listens to the line: not in loopback, and not after it dropped an RTS that
  /// it had raised before.
  public var isReadyToReceive: Bool {
    !isLoopback && (!hasRaisedRTS || modemControl.contains(.requestToSend))
  }

  /// Bytes that can arrive now without one being lost.
  public var receiveSpace: Int { isReadyToReceive ? Int(capacity &- receiveFIFO.count) : 0 }

  /// Bytes that the guest has not read yet.
  public var receiveCount: Int { Int(receiveFIFO.count) }

  /// A byte from the line. Past `receiveSpace` it overruns.
  public mutating func receive(_ byte: UInt8) {
    if !isLoopback { arrive(byte, isBreak: false) }
  }

  /// A break on the line, which the receiver takes for a zero byte with a mark.
  public mutating func receiveBreak() {
    if !isLoopback { arrive(0, isBreak: true) }
  }

  private mutating func arrive(_ byte: UInt8, isBreak: Bool) {
    if receiveFIFO.count >= capacity {
      overrun = true
      // A full FIFO loses the newest byte; the single register of a 16450 the older one.
      if fifosEnabled { return }
      clearReceiver()
    }
    if isBreak { breaks |= 1 &<< UInt16(receiveFIFO.count) }
    receiveFIFO.push(byte)
  }

  private mutating func takeReceived() -> UInt8 {
    let cause = cause
    breaks &>>= 1
    let byte = receiveFIFO.pop() ?? 0
    // Below the trigger level no receiver interrupt stands until the character timeout.
    lineDipped = (cause == .receivedData || cause == .characterTimeout) && receiveFIFO.count < triggerLevel
    return byte
  }

  private mutating func clearReceiver() {
    receiveFIFO.removeAll()
    breaks = 0
  }

  // MARK: Control and status

  private mutating func controlFIFOs(_ value: UInt8) {
    let control = FIFOControl(rawValue: value)
    let enabled = control.contains(.enable)
    // Turning the FIFOs on or off empties them; the other bits count only beside the enable bit.
    if enabled != fifosEnabled || enabled && control.contains(.clearReceiver) { clearReceiver() }
    if enabled != fifosEnabled || enabled && control.contains(.clearTransmitter), !transmitFIFO.isEmpty {
      transmitFIFO.removeAll()
      transmitterInterrupt = true
    }
    fifosEnabled = enabled
    if enabled { triggerLevel = control.triggerLevel }
  }

  private mutating func controlModem(_ control: ModemControl) {
    let before = modemLines
    modemControl = control
    if control.contains(.requestToSend), !control.contains(.loopback) { hasRaisedRTS = true }
    noteModemChange(since: before)
  }

  /// A peer comes or goes, and with it CTS, DSR and DCD.
  public mutating func setConnected(_ connected: Bool) {
    let before = modemLines
    isConnected = connected
    noteModemChange(since: before)
  }

  /// The modem lines as the chip sees them: its own outputs in loopback, else the peer's.
  private var modemLines: ModemStatus {
    isLoopback ? modemControl.loopedBack : isConnected ? .connected : []
  }

  private mutating func noteModemChange(since before: ModemStatus) {
    modemDeltas.formUnion(modemLines.deltas(since: before))
  }

  private mutating func takeModemStatus() -> UInt8 {
    let status = modemLines.union(modemDeltas)
    modemDeltas = []
    return status.rawValue
  }

  private mutating func takeLineStatus() -> UInt8 {
    var status: LineStatus = transmitFIFO.isEmpty ? [.transmitterHoldingEmpty, .transmitterEmpty] : []
    if !receiveFIFO.isEmpty { status.insert(.dataReady) }
    if overrun { status.insert(.overrunError) }
    if breaks & 1 != 0 { status.insert(.breakInterrupt) }
    if fifosEnabled, breaks != 0 { status.insert(.errorInFIFO) }
    // Reading reports the overrun, and the break at the top of the FIFO, once.
    overrun = false
    breaks &= ~1
    return status.rawValue
  }
}
