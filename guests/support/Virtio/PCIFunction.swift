public import Bare

/// Function 0 of a device on PCI bus 0, by way of the configuration ports; the lesson `pci` explains them.
public struct PCIFunction {
  public let device: UInt32

  /// All of a vendor's.
  public static func all(vendor: UInt16) -> [PCIFunction] {
    (0..<32).map { PCIFunction(device: $0) }.filter { $0.read(0x00) & 0xFFFF == UInt32(vendor) }
  }

  /// The first device with this identity.
  public init?(vendor: UInt16, product: UInt16) {
    let wanted = UInt32(product) << 16 | UInt32(vendor)
    let devices: Range<UInt32> = 0..<32
    guard let device = devices.first(where: { PCIFunction(device: $0).read(0x00) == wanted }) else {
      return nil
    }
    self.device = device
  }

  private init(device: UInt32) {
    self.device = device
  }

  public func read(_ offset: UInt32) -> UInt32 {
    select(offset)
    return Port(0xCFC).read32()
  }

  public func write(_ value: UInt32, _ offset: UInt32) {
    select(offset)
    Port(0xCFC).write32(value)
  }

  private func select(_ offset: UInt32) {
    Port(0xCF8).write32(1 << 31 | device << 11 | offset)
  }

  /// Moves the memory behind base address register 0, and lets the device answer there and use the guest's memory.
  ///
  /// The start-up code's page tables end at 4 GiB, and the device's memory may have begun behind that.
  public func mapMemory() -> Memory {
    let address = 0xC000_0000 + UInt64(device) << 20
    write(UInt32(address), 0x10)
    write(0, 0x14)
    write(read(0x04) | 0b110, 0x04)
    return Memory(at: address)
  }

  /// The offsets of all capabilities of a kind.
  public func capabilities(_ id: UInt32) -> [UInt32] {
    var found: [UInt32] = []
    var offset = read(0x34) & 0xFC
    while offset != 0 && found.count < 48 {
      let entry = read(offset)
      if entry & 0xFF == id { found.append(offset) }
      offset = entry >> 8 & 0xFC
    }
    return found
  }
}
