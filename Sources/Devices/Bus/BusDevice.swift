/// Something that answers on a bus: a chip's registers seen through a window of ports or addresses.
///
/// Any vCPU may call at any time, so a device keeps its state in `let`s, atomics and mutexes, and
/// holds no lock longer than a register takes.
public protocol BusDevice: AnyObject, Sendable {
  /// Reads `width` bytes (1 to 8) at `offset` from the window's base, little-endian.
  /// Bits past `width` are ignored; what is not there reads as all ones.
  func read(at offset: UInt64, width: Int) -> UInt64

  /// Writes the low `width` bytes (1 to 8) of `value` at `offset` from the window's base.
  func write(_ value: UInt64, at offset: UInt64, width: Int)
}

/// A device of byte-wide registers, as on the ISA bus: wider accesses are split, lowest byte first.
public protocol ByteBusDevice: BusDevice {
  func readByte(at offset: UInt64) -> UInt8
  func writeByte(_ value: UInt8, at offset: UInt64)
}

extension ByteBusDevice {
  public func read(at offset: UInt64, width: Int) -> UInt64 {
    var value: UInt64 = 0
    for index in 0..<UInt64(truncatingIfNeeded: width) {
      value |= UInt64(readByte(at: offset &+ index)) &<< (8 &* index)
    }
    return value
  }

  public func write(_ value: UInt64, at offset: UInt64, width: Int) {
    for index in 0..<UInt64(truncatingIfNeeded: width) {
      writeByte(UInt8(truncatingIfNeeded: value &>> (8 &* index)), at: offset &+ index)
    }
  }
}

/// A device behind one virtual-table entry, called without the reference counting that an
/// existential costs.
@usableFromInline
class BusPort {
  @usableFromInline
  func read(at offset: UInt64, width: Int) -> UInt64 { UInt64.max }

  @usableFromInline
  func write(_ value: UInt64, at offset: UInt64, width: Int) {}
}

final class DevicePort<Device: BusDevice>: BusPort {
  private let device: Device

  init(_ device: Device) {
    self.device = device
  }

  override func read(at offset: UInt64, width: Int) -> UInt64 {
    device.read(at: offset, width: width)
  }

  override func write(_ value: UInt64, at offset: UInt64, width: Int) {
    device.write(value, at: offset, width: width)
  }
}
