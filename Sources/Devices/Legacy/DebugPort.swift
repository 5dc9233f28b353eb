/// A port that ends the machine with a status, as QEMU's isa-debug-exit does: test kernels write their result there.
///
/// A write of `v` ends with (v << 1) | 1, of which a process' status keeps the low 8 bits: never 0. Reads give 0.
public final class DebugPort: BusDevice {
  /// Addresses of the window: an access of 4 bytes is the widest that ports have.
  public static let size: UInt64 = 4

  private let power: PowerControl

  public init(power: PowerControl) {
    self.power = power
  }

  public func read(at offset: UInt64, width: Int) -> UInt64 { 0 }

  public func write(_ value: UInt64, at offset: UInt64, width: Int) {
    guard offset < Self.size else { return }
    power.ask(for: .exit(status: Self.status(of: value)))
  }

  /// A width of one byte holds all of the value that the status keeps.
  static func status(of value: UInt64) -> UInt8 {
    UInt8(truncatingIfNeeded: value) &<< 1 | 1
  }
}
