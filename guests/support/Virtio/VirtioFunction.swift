public import Bare

/// The registers of a virtio device on the PCI bus (virtio 1.2 section 4.1.4): where they lie is told by capabilities.
public struct VirtioFunction {
  /// What the driver got to, bit by bit (section 2.1).
  public enum Status {
    public static let acknowledge: UInt8 = 1
    public static let driver: UInt8 = 2
    public static let driverOK: UInt8 = 4
    public static let featuresOK: UInt8 = 8
    public static let needsReset: UInt8 = 64
  }

  /// The feature bit that says: as virtio 1.0 and later have it.
  public static let version1: UInt64 = 1 << 32

  /// What the specification says of this kind of device.
  public let configuration: Memory
  public let function: PCIFunction
  /// All of the device's memory.
  public let memory: Memory
  /// The common configuration structure (section 4.1.4.3).
  public let common: Memory
  public let notification: Memory
  public let notificationMultiplier: UInt32

  /// The first device of a type: 1 is a network card, 2 a disk (section 5).
  public init?(type: UInt16) {
    guard let function = PCIFunction(vendor: 0x1AF4, product: 0x1040 + type) else { return nil }
    self.init(function)
  }

  /// - Parameter function: a virtio device.
  public init(_ function: PCIFunction) {
    let memory = function.mapMemory()
    var regions = [memory, memory, memory, memory, memory]
    var multiplier: UInt32 = 0
    for offset in function.capabilities(0x09) {
      let kind = Int(function.read(offset) >> 24)
      if kind < regions.count { regions[kind] = memory.advanced(by: Int(function.read(offset + 8))) }
      if kind == 2 { multiplier = function.read(offset + 16) }
    }
    self.function = function
    self.memory = memory
    common = regions[1]
    notification = regions[2]
    configuration = regions[4]
    notificationMultiplier = multiplier
  }

  public var status: UInt8 { common.read8(0x14) }

  public func add(status bits: UInt8) {
    common.write8(status | bits, 0x14)
  }

  /// Back to the state after power-on. It takes as long as the device needs to let go of the guest's memory.
  public func reset() {
    common.write8(0, 0x14)
    while status != 0 {}
  }

  /// What the device can do, a bit each.
  public var features: UInt64 {
    common.write32(0, 0x00)
    let low = common.read32(0x04)
    common.write32(1, 0x00)
    let high = common.read32(0x04)
    return UInt64(high) << 32 | UInt64(low)
  }

  /// Says which of them this driver wants.
  /// - Returns: whether the device can do with just these.
  public func accept(features: UInt64) -> Bool {
    common.write32(0, 0x08)
    common.write32(UInt32(truncatingIfNeeded: features), 0x0C)
    common.write32(1, 0x08)
    common.write32(UInt32(features >> 32), 0x0C)
    add(status: Status.featuresOK)
    return status & Status.featuresOK != 0
  }

  /// Sets up a queue with `size` entries, a power of two.
  /// - Parameter vector: where the processor shall go when a chain came back; nil: nowhere.
  public func makeQueue(_ index: UInt16, size: UInt16, vector: UInt8? = nil) -> VirtQueue {
    common.write16(index, 0x16)
    guard common.read16(0x18) >= size else { Guest.panic("the device's queue is too small") }
    let doorbell = UInt32(common.read16(0x1E)) * notificationMultiplier
    let queue = VirtQueue(index: index, size: size, doorbell: notification.advanced(by: Int(doorbell)))
    common.write16(size, 0x18)
    write(queue.descriptors.address, 0x20)
    write(queue.available.address, 0x28)
    write(queue.used.address, 0x30)
    if let vector { interrupt(at: vector, entry: index) }
    common.write16(1, 0x1C)
    return queue
  }

  /// Gives the selected queue an entry of the table of messages.
  private func interrupt(at vector: UInt8, entry: UInt16) {
    guard let messages = MessageInterrupts(of: function, memory: memory) else { Guest.panic("no MSI-X") }
    messages.set(Int(entry), vector: vector)
    common.write16(entry, 0x1A)
    // A device that has no means for it says so.
    guard common.read16(0x1A) == entry else { Guest.panic("no such message") }
  }

  /// Addresses are written by halves: not every device takes 64 bits at once.
  private func write(_ address: UInt64, _ offset: Int) {
    common.write32(UInt32(truncatingIfNeeded: address), offset)
    common.write32(UInt32(address >> 32), offset + 4)
  }
}
