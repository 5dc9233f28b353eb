internal import Processor

/// An I/O port. What is written to one and read from it is 8, 16 or 32 bits wide.
public struct Port: Sendable {
  public let number: UInt16

  public init(_ number: UInt16) {
    self.number = number
  }

  public func read8() -> UInt8 { port_read8(number) }
  public func read16() -> UInt16 { port_read16(number) }
  public func read32() -> UInt32 { port_read32(number) }

  public func write8(_ value: UInt8) { port_write8(number, value) }
  public func write16(_ value: UInt16) { port_write16(number, value) }
  public func write32(_ value: UInt32) { port_write32(number, value) }
}
