internal import Processor

/// Memory, or a device's registers in it, by address: bare metal has no other owner for it.
///
/// Each access is made just once, and just as wide as its name says.
public struct Memory: Sendable {
  public let address: UInt64

  public init(at address: UInt64) {
    self.address = address
  }

  /// The memory `offset` bytes further.
  public func advanced(by offset: Int) -> Memory {
    Memory(at: address &+ UInt64(truncatingIfNeeded: offset))
  }

  public func read8(_ offset: Int = 0) -> UInt8 { memory_read8(advanced(by: offset).address) }
  public func read16(_ offset: Int = 0) -> UInt16 { memory_read16(advanced(by: offset).address) }
  public func read32(_ offset: Int = 0) -> UInt32 { memory_read32(advanced(by: offset).address) }
  public func read64(_ offset: Int = 0) -> UInt64 { memory_read64(advanced(by: offset).address) }

  public func write8(_ value: UInt8, _ offset: Int = 0) { memory_write8(advanced(by: offset).address, value) }
  public func write16(_ value: UInt16, _ offset: Int = 0) {
    memory_write16(advanced(by: offset).address, value)
  }
  public func write32(_ value: UInt32, _ offset: Int = 0) {
    memory_write32(advanced(by: offset).address, value)
  }
  public func write64(_ value: UInt64, _ offset: Int = 0) {
    memory_write64(advanced(by: offset).address, value)
  }

  /// What was written before is seen by others before what is read afterwards.
  public static func fence() {
    memory_fence()
  }
}
