internal import Synchronization

/// The ACPI fixed hardware's power management registers (ACPI 6.5, section 4.8.3), six ports:
///
///     0  PM1a status, a written 1 clears the bit
///     2  PM1a enable
///     4  PM1a control
///
/// The fixed events are the power button's and, never raised, those whose enable bits a driver
/// expects to keep. Soft-off is the only sleep type. The system control interrupt is wired as an
/// edge: a pulse whenever status and enable come to agree.
public final class ACPIPower: BusDevice {
  /// The value of SLP_TYP that the firmware's \_S5 package names.
  public static let softOffSleepType: UInt8 = 5

  private let registers = Mutex(Registers())
  private let interrupt: InterruptLine
  private let power: PowerControl

  public init(interrupt: InterruptLine, power: PowerControl) {
    self.interrupt = interrupt
    self.power = power
  }

  public func read(at offset: UInt64, width: Int) -> UInt64 {
    guard offset < Registers.size else { return UInt64.max }
    return registers.withLock { $0.image } &>> (8 &* offset)
  }

  public func write(_ value: UInt64, at offset: UInt64, width: Int) {
    guard offset < Registers.size else { return }
    let mask = width >= 8 ? UInt64.max : 1 &<< (8 &* UInt64(truncatingIfNeeded: width)) &- 1
    let goesOff = access { registers in
      registers.write((value & mask) &<< (8 &* offset), mask: mask &<< (8 &* offset))
    }
    if goesOff { power.ask(for: .powerOff) }
  }

  /// A person presses the power button.
  public func pressPowerButton() {
    access { $0.status |= Registers.powerButton }
  }

  /// A change to the registers, with the pulse that follows when it raises the interrupt.
  private func access<Result: Sendable>(_ change: (inout Registers) -> Result) -> Result {
    registers.withLock { registers in
      let wasRaised = registers.isRaised
      let result = change(&registers)
      if registers.isRaised, !wasRaised { interrupt.pulse() }
      return result
    }
  }

  private struct Registers {
    static let size: UInt64 = 6
    static let powerButton: UInt16 = 1 << 8
    /// Timer, global lock, power button, sleep button, real-time clock.
    static let enableBits: UInt16 = 0x0721
    static let controlEnabled: UInt16 = 1 << 0
    /// BM_RLD and SLP_TYP. GBL_RLS and SLP_EN are write-only, SCI_EN is the hardware's.
    static let controlKept: UInt16 = 0x1C02
    static let sleepEnable: UInt16 = 1 << 13

    var status: UInt16 = 0
    var enable: UInt16 = 0
    var control: UInt16 = 0

    var isRaised: Bool { status & enable != 0 }

    /// All registers, little-endian, as reads see them.
    var image: UInt64 {
      // Past the last register there is nothing.
      0xFFFF &<< 48 | UInt64(control | Self.controlEnabled) &<< 32 | UInt64(enable) &<< 16 | UInt64(status)
    }

    /// Writes the bits of `value` that `mask` has. Whether that turns the machine off.
    mutating func write(_ value: UInt64, mask: UInt64) -> Bool {
      func merge(_ old: UInt16, at shift: UInt64) -> UInt16 {
        let mask = UInt16(truncatingIfNeeded: mask &>> shift)
        return old & ~mask | UInt16(truncatingIfNeeded: value &>> shift) & mask
      }
      status &= ~UInt16(truncatingIfNeeded: value)
      enable = merge(enable, at: 16) & Self.enableBits
      let control = merge(control, at: 32)
      self.control = control & Self.controlKept
      return control & Self.sleepEnable != 0 && UInt8(control >> 10 & 7) == ACPIPower.softOffSleepType
    }
  }
}

extension ACPIPower: StatefulDevice {
  public struct State: Codable, Hashable, Sendable {
    public var status: UInt16
    public var enable: UInt16
    public var control: UInt16
  }

  public var state: State {
    registers.withLock { State(status: $0.status, enable: $0.enable, control: $0.control) }
  }

  public func restore(_ state: State) throws(InvalidState) {
    try InvalidState.unless(state.status & ~Registers.powerButton == 0, "ACPIPower", "status")
    try InvalidState.unless(state.enable & ~Registers.enableBits == 0, "ACPIPower", "enable")
    try InvalidState.unless(state.control & ~Registers.controlKept == 0, "ACPIPower", "control")
    registers.withLock { registers in
      registers = Registers(status: state.status, enable: state.enable, control: state.control)
      if registers.isRaised { interrupt.pulse() }
    }
  }
}
