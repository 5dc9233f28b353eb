public import Bare

/// The driver's side of a split virtqueue (virtio 1.2 section 2.7): three tables in the guest's memory.
///
/// - descriptors: where buffers are, 16 bytes each: address, length, flags, the next one's index;
/// - available: a ring of the chains that the device may use, written here;
/// - used: a ring of the chains that it is done with, written by the device.
public struct VirtQueue: ~Copyable {
  /// Some memory that the device reads, or writes.
  public struct Buffer {
    public let memory: Memory
    public let length: UInt32
    public let isWritable: Bool

    public static func toRead(_ memory: Memory, _ length: UInt32) -> Buffer {
      Buffer(memory: memory, length: length, isWritable: false)
    }

    public static func toWrite(_ memory: Memory, _ length: UInt32) -> Buffer {
      Buffer(memory: memory, length: length, isWritable: true)
    }
  }

  /// A chain that the device is done with.
  public struct Used {
    /// The chain's first descriptor.
    public let head: UInt16
    /// Bytes that the device wrote.
    public let written: UInt32
  }

  public let descriptors = Page.allocate(1)
  public let available = Page.allocate(1)
  public let used = Page.allocate(1)
  private let index: UInt16
  private let size: UInt16
  private let doorbell: Memory
  private var availableCount: UInt16 = 0
  private var usedCount: UInt16 = 0

  /// - Parameter size: entries, up to 256: each table has a page.
  init(index: UInt16, size: UInt16, doorbell: Memory) {
    self.index = index
    self.size = size
    self.doorbell = doorbell
  }

  /// Writes a chain of buffers to the descriptors from `head` on.
  public func describe(_ buffers: [Buffer], at head: UInt16) {
    for (offset, buffer) in buffers.enumerated() {
      let number = head + UInt16(offset)
      let isLast = offset == buffers.count - 1
      write(buffer, at: number, next: isLast ? nil : number + 1)
    }
  }

  /// Writes one descriptor.
  public func write(_ buffer: Buffer, at number: UInt16, next: UInt16?) {
    let entry = descriptors.advanced(by: 16 * Int(number))
    entry.write64(buffer.memory.address, 0)
    entry.write32(buffer.length, 8)
    let flags: UInt16 = (next == nil ? 0 : 1) | (buffer.isWritable ? 2 : 0)
    entry.write16(flags, 12)
    entry.write16(next ?? 0, 14)
  }

  /// Gives the chain that begins at `head` to the device.
  public mutating func offer(_ head: UInt16) {
    // Two words come first: flags, which stay 0, and the count of all chains ever offered.
    available.write16(head, 4 + 2 * Int(availableCount % size))
    availableCount &+= 1
    // x86 keeps writes in order: whoever sees the count sees the entry and the descriptors.
    available.write16(availableCount, 2)
  }

  /// Tells the device to look at the queue.
  public func ring() {
    // A device that was about to say that it need not be told is heard below.
    Memory.fence()
    if used.read16(0) & 1 == 0 { doorbell.write16(index) }
  }

  /// Whether a chain came back.
  public var hasMore: Bool { used.read16(2) != usedCount }

  /// The next chain that came back, if there is one.
  public mutating func take() -> Used? {
    guard hasMore else { return nil }
    let entry = used.advanced(by: 4 + 8 * Int(usedCount % size))
    usedCount &+= 1
    return Used(head: UInt16(truncatingIfNeeded: entry.read32(0)), written: entry.read32(4))
  }
}
