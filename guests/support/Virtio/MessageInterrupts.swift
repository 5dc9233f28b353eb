public import Bare

/// Interrupts by message (MSI-X, PCI Local Bus 3.0, 6.8.2): a device interrupts by a write to a local APIC's address,
/// and a table in its memory tells what to write where.
public struct MessageInterrupts {
  private let function: PCIFunction
  private let table: Memory

  /// Switches the first processor's local APIC on, and the old interrupt controllers off.
  /// - Parameter memory: the memory of the function's base address register 0, which holds the table.
  init?(of function: PCIFunction, memory: Memory) {
    guard let capability = function.capabilities(0x11).first else { return nil }
    Port(0x21).write8(0xFF)
    Port(0xA1).write8(0xFF)
    Memory(at: 0xFEE0_0000).write32(1 << 8 | 0xFF, 0xF0)
    self.function = function
    table = memory.advanced(by: Int(function.read(capability + 4) & ~7))
    function.write(function.read(capability) | 1 << 31, capability)
  }

  /// Lets an entry of the table mean a vector of the first processor.
  func set(_ entry: Int, vector: UInt8) {
    let place = table.advanced(by: 16 * entry)
    place.write32(0xFEE0_0000, 0)
    place.write32(0, 4)
    place.write32(UInt32(vector), 8)
    // Not masked.
    place.write32(0, 12)
  }

  /// What a handler says when it is done.
  public static func end() {
    Memory(at: 0xFEE0_0000).write32(0, 0xB0)
  }
}
