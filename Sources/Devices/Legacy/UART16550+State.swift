extension UART16550 {
  /// What a snapshot keeps of the chip.
  public struct State: Codable, Hashable, Sendable {
    public var interruptEnable: UInt8
    public var lineControl: UInt8
    public var modemControl: UInt8
    /// Bits 3 to 0 of the modem status register.
    public var modemDeltas: UInt8
    public var scratch: UInt8
    public var divisor: UInt16
    public var fifosEnabled: Bool
    public var triggerLevel: UInt8
    /// Oldest first.
    public var received: [UInt8]
    /// Bit n: `received[n]` is a break.
    public var breaks: UInt16
    /// On the line, for a guest that listened. Oldest first.
    public var arriving: [UInt8]
    /// Bit n: `arriving[n]` is a break.
    public var arrivingBreaks: UInt16
    public var isPolling: Bool
    public var overrun: Bool
    /// Oldest first: bytes that the line had no room for.
    public var transmitting: [UInt8]
    public var transmitterInterrupt: Bool
    public var hasRaisedRTS: Bool
    public var isConnected: Bool
  }

  public var state: State {
    State(
      interruptEnable: interruptEnable.rawValue, lineControl: lineControl.rawValue,
      modemControl: modemControl.rawValue, modemDeltas: modemDeltas.rawValue, scratch: scratch,
      divisor: divisor, fifosEnabled: fifosEnabled, triggerLevel: triggerLevel,
      received: received.contents, breaks: received.breaks, arriving: arriving.contents,
      arrivingBreaks: arriving.breaks, isPolling: isPolling, overrun: overrun,
      transmitting: transmitFIFO.contents, transmitterInterrupt: transmitterInterrupt,
      hasRaisedRTS: hasRaisedRTS, isConnected: isConnected)
  }

  /// The chip in `state`. Its interrupt line, where high, counts as a rise not yet taken.
  public init(_ state: State) throws(InvalidState) {
    func check(_ condition: Bool, _ field: String) throws(InvalidState) {
      try InvalidState.unless(condition, "UART16550", field)
    }
    let capacity = state.fifosEnabled ? ByteFIFO.capacity : 1
    try check(state.interruptEnable <= InterruptEnable.all.rawValue, "interruptEnable")
    try check(state.modemControl <= ModemControl.all.rawValue, "modemControl")
    try check(state.modemDeltas <= 0x0F, "modemDeltas")
    try check([1, 4, 8, 14].contains(state.triggerLevel), "triggerLevel")
    try check(state.received.count <= capacity, "received")
    try check(state.breaks >> state.received.count == 0, "breaks")
    try check(state.arriving.count <= ByteFIFO.capacity, "arriving")
    try check(state.arrivingBreaks >> state.arriving.count == 0, "arrivingBreaks")
    try check(state.transmitting.count <= capacity, "transmitting")

    self.init(connected: state.isConnected)
    interruptEnable = InterruptEnable(rawValue: state.interruptEnable)
    lineControl = LineControl(rawValue: state.lineControl)
    modemControl = ModemControl(rawValue: state.modemControl)
    modemDeltas = ModemStatus(rawValue: state.modemDeltas)
    scratch = state.scratch
    divisor = state.divisor
    fifosEnabled = state.fifosEnabled
    triggerLevel = state.triggerLevel
    received = ReceivedBytes(state.received, breaks: state.breaks)
    arriving = ReceivedBytes(state.arriving, breaks: state.arrivingBreaks)
    isPolling = state.isPolling
    overrun = state.overrun
    for byte in state.transmitting { transmitFIFO.push(byte) }
    transmitterInterrupt = state.transmitterInterrupt
    hasRaisedRTS = state.hasRaisedRTS
  }
}
