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
///
/// Bytes from the line wait for a guest that takes them. A driver that sets the port up resets the FIFOs,
/// and reads status and data registers once or more, to throw away what came before it was there; what a
/// person typed or piped in early must survive that, and a guest that sets nothing up must have its input
/// too. So the line sends nothing before the guest listens, which is either of
///
/// - the received-data interrupt is enabled,
/// - the line status was read twice with nothing between, the transmitter being idle, and no register of
///   the set-up was written since: who polls for input does that, who polls to send does not, and a driver
///   that does (Linux' startup) goes on with its set-up;
///
/// and a byte on the line arrives in the receiver when the guest looks again: when it reads the line status or
/// the data. A FIFO reset clears what has arrived, which the guest knew of; bytes on the line come after it. The
/// interrupt's cause tells of them as well, and is no look: Linux reads it on one processor while another one still
/// sets the port up.
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
  var received = ReceivedBytes()
  /// On the line: sent to a guest that listens, which did not look since.
  var arriving = ReceivedBytes()
  var overrun = false
  /// The guest polls for input.
  var isPolling = false
  var transmitFIFO = ByteFIFO()
  /// The "transmitter holding register empty" cause, kept until it is read or a byte is written.
  var transmitterInterrupt = false
  /// The guest raised RTS on the line at some time, so that dropping it means something.
  var hasRaisedRTS = false
  /// What is on the other end: a peer asserts CTS, DSR and DCD.
  var isConnected: Bool

  /// The last access read a line status without news.
  private var sawIdleLine = false
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
    let sawIdleLine = sawIdleLine
    self.sawIdleLine = false
    switch register & 7 {
    case 0:
      return lineControl.contains(.divisorLatchAccess) ? UInt8(truncatingIfNeeded: divisor) : takeReceived()
    case 1:
      return lineControl.contains(.divisorLatchAccess)
        ? UInt8(truncatingIfNeeded: divisor &>> 8) : interruptEnable.rawValue
    case 2: return identifyInterrupt()
    case 3: return lineControl.rawValue
    case 4: return modemControl.rawValue
    case 5: return takeLineStatus(again: sawIdleLine)
    case 6: return takeModemStatus()
    default: return scratch
    }
  }

  /// Writes register 0 to 7; higher bits are not decoded. The status registers keep no write.
  public mutating func write(_ value: UInt8, to register: UInt8) {
    sawIdleLine = false
    if (1...4).contains(register & 7) { isPolling = false }
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
    if interruptEnable.contains(.lineStatus), overrun || isBreakNext { return .lineStatus }
    if interruptEnable.contains(.receivedData), visibleCount > 0 {
      return !fifosEnabled || visibleCount >= triggerLevel ? .receivedData : .characterTimeout
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
      loopBack(byte)
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

  /// Whether the guest lets the line send: not in loopback, and not after it dropped an RTS that it
  /// had raised before.
  private var isLineOpen: Bool {
    !isLoopback && (!hasRaisedRTS || modemControl.contains(.requestToSend))
  }

  /// Whether the guest takes what the line sends.
  public var isReadyToReceive: Bool {
    isLineOpen && (isPolling || interruptEnable.contains(.receivedData))
  }

  /// Bytes that the line may send now.
  public var receiveSpace: Int {
    isReadyToReceive ? max(0, Int(capacity) &- receiveCount) : 0
  }

  /// Bytes that the guest has not read yet.
  public var receiveCount: Int { Int(received.count &+ arriving.count) }

  /// Bytes in the receiver, with those that arrive as soon as the guest looks.
  private var visibleCount: UInt8 {
    received.count &+ (isReadyToReceive ? min(arriving.count, capacity &- min(received.count, capacity)) : 0)
  }

  private var isBreakNext: Bool {
    received.isEmpty ? isReadyToReceive && arriving.isBreak : received.isBreak
  }

  /// A byte from the line; lost past `receiveSpace`.
  public mutating func receive(_ byte: UInt8) {
    if receiveSpace > 0 { arriving.push(byte, isBreak: false) }
  }

  /// A break on the line, which the receiver takes for a zero byte with a mark.
  public mutating func receiveBreak() {
    if receiveSpace > 0 { arriving.push(0, isBreak: true) }
  }

  /// The guest looks: what is on the line arrives, as far as there is room.
  private mutating func admit() {
    guard isReadyToReceive else { return }
    while received.count < capacity, let (byte, isBreak) = arriving.pop() {
      received.push(byte, isBreak: isBreak)
    }
  }

  private mutating func loopBack(_ byte: UInt8) {
    if received.count >= capacity {
      overrun = true
      // A full FIFO loses the newest byte; the single register of a 16450 the older one.
      if fifosEnabled { return }
      received.removeAll()
    }
    received.push(byte, isBreak: false)
  }

  private mutating func takeReceived() -> UInt8 {
    admit()
    let cause = cause
    let byte = received.pop()?.byte ?? 0
    // Below the trigger level no receiver interrupt stands until the character timeout.
    lineDipped =
      (cause == .receivedData || cause == .characterTimeout)
      && (!fifosEnabled || visibleCount < triggerLevel)
    return byte
  }

  // MARK: Control and status

  private mutating func controlFIFOs(_ value: UInt8) {
    let control = FIFOControl(rawValue: value)
    let enabled = control.contains(.enable)
    // Turning the FIFOs on or off empties them; the other bits count only beside the enable bit.
    if enabled != fifosEnabled || enabled && control.contains(.clearReceiver) { received.removeAll() }
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

  /// - Parameter again: the last access was the same, and told nothing.
  private mutating func takeLineStatus(again: Bool) -> UInt8 {
    admit()
    if again { isPolling = true }
    var status: LineStatus = transmitFIFO.isEmpty ? [.transmitterHoldingEmpty, .transmitterEmpty] : []
    if !received.isEmpty { status.insert(.dataReady) }
    if overrun { status.insert(.overrunError) }
    if received.isBreak { status.insert(.breakInterrupt) }
    if fifosEnabled, received.breaks != 0 { status.insert(.errorInFIFO) }
    // Reading reports the overrun, and the break at the top of the FIFO, once.
    overrun = false
    received.takeBreak()
    sawIdleLine = !isLoopback && status == [.transmitterHoldingEmpty, .transmitterEmpty]
    return status.rawValue
  }
}
