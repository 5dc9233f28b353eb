/// A Motorola MC146818A real-time clock with 128 bytes of battery-backed memory, the chip alone.
///
/// The clock runs at the host's pace, in UTC, by an offset that the guest sets when it sets the
/// time. Everything takes the host's time, in nanoseconds since 1970, as `now`.
///
/// Updates are atomic: the update-in-progress bit always reads 0, and keeps the promise that goes
/// with it, that the time stands still for a moment after. The periodic interrupt, the square wave
/// and daylight saving are left out: their bits keep what is written and do nothing.
public struct CMOS: Sendable {
  static let size = 128
  static let nanosecondsPerSecond: Int64 = 1_000_000_000
  /// How long the time stands still after register A was read. The chip promises 244 µs
  /// (data sheet, "Update cycle"); a vCPU takes longer to read eight registers.
  static let readingTime: Int64 = 2_000_000

  /// Time registers while the clock is halted, alarm and control registers, and memory.
  var bytes = InlineArray<128, UInt8>(repeating: 0)
  var index: UInt8 = 0

  /// Chip time minus host time, whole seconds and the rest in 0..<1e9 nanoseconds.
  var offsetSeconds: Int64 = 0
  var offsetNanoseconds: Int64 = 0
  /// The second of chip time up to which alarm and update have been looked at.
  var lastUpdate: Int64
  /// The second that time registers show until the host's time `heldUntil`.
  private var heldSecond: Int64 = 0
  private var heldUntil = Int64.min

  private var lineWasHigh = false

  /// The chip as firmware leaves it: 24 hours, BCD, nothing enabled.
  /// - Parameter memory: what the memory size bytes tell.
  public init(memory: MemorySize, now: Int64) {
    lastUpdate = 0
    bytes[Int(Register.a)] = 0x26
    bytes[Int(Register.b)] = StatusB.hours24.rawValue
    describe(memory)
    lastUpdate = second(at: now)
  }

  /// Selects the byte that reads and writes go to. Bit 7 masks NMI on a PC and is ignored.
  public mutating func select(_ index: UInt8) {
    self.index = index & 0x7F
  }

  /// Reads the selected byte.
  public mutating func read(now: Int64) -> UInt8 {
    switch index {
    case let register where Register.isTime(register):
      if isHalted { return bytes[Int(register)] }
      return encoded(CalendarTime(unixSeconds: shownSecond(at: now)), register)
    case Register.a:
      heldSecond = second(at: now)
      heldUntil = now &+ Self.readingTime
      return bytes[Int(Register.a)]
    case Register.c:
      update(now: now)
      let flags = bytes[Int(Register.c)] | (interruptOutput ? StatusC.requested.rawValue : 0)
      bytes[Int(Register.c)] = 0
      return flags
    case Register.d:
      // The battery is good.
      return 0x80
    default:
      return bytes[Int(index & 0x7F)]
    }
  }

  /// Writes the selected byte.
  public mutating func write(_ value: UInt8, now: Int64) {
    update(now: now)
    heldUntil = Int64.min
    switch index {
    case let register where Register.isTime(register):
      let wasHalted = isHalted
      if !wasHalted { latchTime(now: now) }
      bytes[Int(register)] = value
      if !wasHalted { loadTime(now: now) }
    case Register.a: control(now: now) { $0.bytes[Int(Register.a)] = value & 0x7F }
    case Register.b:
      var status = StatusB(rawValue: value)
      // Holding the clock ends the update-ended interrupt (data sheet, register B).
      if status.contains(.hold) { status.remove(.updateInterrupt) }
      control(now: now) { $0.bytes[Int(Register.b)] = status.rawValue }
    case Register.c, Register.d: break
    default: bytes[Int(index & 0x7F)] = value
    }
  }

  var statusB: StatusB { StatusB(rawValue: bytes[Int(Register.b)]) }

  /// The divider of the time base is held in reset: register A, bits 6 to 4 = 11x.
  private var isDividerReset: Bool { bytes[Int(Register.a)] & 0x60 == 0x60 }

  /// The clock stands still for the guest to set it.
  var isHalted: Bool { statusB.contains(.hold) || isDividerReset }

  // MARK: Time

  /// Whole seconds of chip time since 1970.
  func second(at now: Int64) -> Int64 {
    (now &+ offsetNanoseconds).flooredQuotient(Self.nanosecondsPerSecond) &+ offsetSeconds
  }

  private func shownSecond(at now: Int64) -> Int64 {
    // A host clock that was set back must not hold the time for long.
    now < heldUntil && heldUntil &- now <= Self.readingTime ? heldSecond : second(at: now)
  }

  /// A change to the control registers, which may halt the clock or set it going.
  private mutating func control(now: Int64, _ change: (inout Self) -> Void) {
    let wasHalted = isHalted
    let wasReset = isDividerReset
    if !wasHalted { latchTime(now: now) }
    change(&self)
    if wasReset, !isDividerReset {
      // The first update comes half a second after the divider is released (data sheet, register A).
      let half = Self.nanosecondsPerSecond / 2
      offsetNanoseconds = (half &- now).flooredRemainder(Self.nanosecondsPerSecond)
    }
    if wasHalted, !isHalted { loadTime(now: now) }
  }

  /// Puts the time into the registers, where it stays while the clock is halted.
  private mutating func latchTime(now: Int64) {
    let time = CalendarTime(unixSeconds: second(at: now))
    for register in UInt8(0)...Register.century where Register.isTime(register) {
      bytes[Int(register)] = encoded(time, register)
    }
  }

  /// Sets the clock by what the registers hold. The phase of the second is the divider's.
  private mutating func loadTime(now: Int64) {
    func number(_ register: UInt8) -> Int { decoded(bytes[Int(register)]) }
    let time = CalendarTime(
      clampingYear: number(Register.century) * 100 + min(number(Register.year), 99),
      month: number(Register.month), day: number(Register.day),
      hour: decodedHour(bytes[Int(Register.hours)]) ?? 0, minute: number(Register.minutes),
      second: number(Register.seconds))
    offsetSeconds = 0
    offsetSeconds = time.unixSeconds &- second(at: now)
    lastUpdate = second(at: now)
  }

  // MARK: Interrupts

  /// Raises the flags of the updates between the last look and `now`.
  public mutating func update(now: Int64) {
    guard !isHalted else { return }
    let second = second(at: now)
    if second > lastUpdate {
      var flags = StatusC(rawValue: bytes[Int(Register.c)]).union(.updateEnded)
      if let alarm = nextAlarm(after: lastUpdate), alarm <= second { flags.insert(.alarm) }
      bytes[Int(Register.c)] = flags.rawValue
    }
    // Also when the host's clock was set back.
    lastUpdate = second
  }

  /// The level of the interrupt line.
  public var interruptOutput: Bool {
    // Enable bits and flags have the same places; the periodic one is never raised.
    bytes[Int(Register.b)] & bytes[Int(Register.c)] & 0x70 != 0
  }

  /// Whether the interrupt line rose since the last call.
  public mutating func takeInterruptEdge() -> Bool {
    let isHigh = interruptOutput
    defer { lineWasHigh = isHigh }
    return isHigh && !lineWasHigh
  }
}
