internal import Synchronization

/// Ports 0xCF8 to 0xCFF: configuration mechanism 1 (PCI Local Bus 3.0 section 3.2.2.3.2), and among
/// them, as chipsets have it, the reset control register.
///
///     0  CONFIG_ADDRESS  doubleword only; a narrower access is not the bridge's
///     1  reset control   byte only
///     4  CONFIG_DATA     any width inside: these bytes of the register that CONFIG_ADDRESS names
public final class ConfigurationPorts: BusDevice {
  /// What a snapshot keeps.
  public struct State: Codable, Hashable, Sendable {
    var address: UInt32 = 0
    var resetControl: UInt8 = 0
  }

  /// Fields of CONFIG_ADDRESS. Its reserved bits, 24 to 30, and its lowest two read as zero.
  private enum Address {
    static let enable: UInt32 = 1 << 31
    static let implemented: UInt32 = 0x80FF_FFFC
    static let routingID: UInt32 = 0x00FF_FF00
    static let register: UInt32 = 0xFC
  }

  /// Bits of the reset control register.
  private enum Reset {
    static let implemented: UInt8 = 0b1110
    static let cpu: UInt8 = 1 << 2
  }

  private let bridge: HostBridge
  private let power: PowerControl
  private let registers = Mutex(State())

  public init(_ bridge: HostBridge, power: PowerControl) {
    self.bridge = bridge
    self.power = power
  }

  public func read(at offset: UInt64, width: Int) -> UInt64 {
    switch (offset, width) {
    case (0, 4): UInt64(registers.withLock { $0.address })
    case (1, 1): UInt64(registers.withLock { $0.resetControl })
    default: target(of: offset, width).map { bridge.read(at: $0, width: width) } ?? .max
    }
  }

  public func write(_ value: UInt64, at offset: UInt64, width: Int) {
    switch (offset, width) {
    case (0, 4):
      registers.withLock { $0.address = UInt32(truncatingIfNeeded: value) & Address.implemented }
    case (1, 1):
      control(UInt8(truncatingIfNeeded: value))
    default:
      if let target = target(of: offset, width) { bridge.write(value, at: target, width: width) }
    }
  }

  /// Which byte of configuration space an access to CONFIG_DATA begins at; nil where it is none, or
  /// where CONFIG_ADDRESS is not enabled.
  private func target(of offset: UInt64, _ width: Int) -> UInt64? {
    guard (4...7).contains(offset), (1...4).contains(width),
      offset &+ UInt64(truncatingIfNeeded: width) <= 8
    else { return nil }
    let address = registers.withLock { $0.address }
    guard address & Address.enable != 0 else { return nil }
    let function = UInt64(address & Address.routingID) &<< 4
    return function | UInt64(address & Address.register) | (offset & 3)
  }

  /// Chipsets tell a reset of the CPU alone, which would start firmware, from that of the machine.
  /// Without firmware both are the latter.
  private func control(_ value: UInt8) {
    registers.withLock { $0.resetControl = value & Reset.implemented }
    if value & Reset.cpu != 0 { power.ask(for: .reset) }
  }

  // MARK: State

  public var state: State {
    registers.withLock { $0 }
  }

  /// Takes over a state, of each register only the bits that it has.
  public func restore(_ state: State) {
    registers.withLock {
      $0.address = state.address & Address.implemented
      $0.resetControl = state.resetControl & Reset.implemented
    }
  }
}
