/// The port through which a guest's kernel tells that it panicked (QEMU's docs/specs/pvpanic.rst).
///
/// A read gives the events that are understood, a write tells of those whose bits are set. A panic ends the machine's
/// run, so that nothing of what the kernel does after it, mostly to stand still, is seen. A panic that the guest
/// handles itself, by a crash kernel that it has loaded, is the guest's own affair.
public final class PanicPort: ByteBusDevice {
  private static let panicked: UInt8 = 1 << 0
  private static let crashLoaded: UInt8 = 1 << 1

  private let power: PowerControl

  public init(power: PowerControl) {
    self.power = power
  }

  public func readByte(at offset: UInt64) -> UInt8 {
    offset == 0 ? Self.panicked | Self.crashLoaded : UInt8.max
  }

  public func writeByte(_ value: UInt8, at offset: UInt64) {
    if offset == 0, value & Self.panicked != 0 { power.ask(for: .panic) }
  }
}
