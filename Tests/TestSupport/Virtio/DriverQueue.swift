public import Devices
internal import Synchronization

/// Where a driver puts the three parts of a split virtqueue (virtio 1.2 section 2.7).
public struct RingLayout: Hashable, Sendable {
  public var size: UInt16
  public var descriptorTable: UInt64
  public var availableRing: UInt64
  public var usedRing: UInt64

  public init(size: UInt16, descriptorTable: UInt64, availableRing: UInt64, usedRing: UInt64) {
    self.size = size
    self.descriptorTable = descriptorTable
    self.availableRing = availableRing
    self.usedRing = usedRing
  }

  /// Space for a queue of `size` out of `arena`.
  public init(size: UInt16, in arena: GuestArena) throws {
    self.size = size
    descriptorTable = try arena.take(16 * UInt64(size), alignment: 16)
    availableRing = try arena.take(6 + 2 * UInt64(size), alignment: 2)
    usedRing = try arena.take(6 + 8 * UInt64(size), alignment: 4)
  }
}

/// A descriptor as a driver writes it, right or wrong.
public struct RawDescriptor: Hashable, Sendable {
  public var address: UInt64
  public var length: UInt32
  public var flags: UInt16
  public var next: UInt16

  public static let next: UInt16 = 1
  public static let write: UInt16 = 2
  public static let indirect: UInt16 = 4

  public init(address: UInt64, length: UInt32, flags: UInt16 = 0, next: UInt16 = 0) {
    self.address = address
    self.length = length
    self.flags = flags
    self.next = next
  }

  public init(_ buffer: DriverBuffer, next: UInt16?) {
    address = buffer.address
    length = buffer.size
    flags = (buffer.isWritable ? Self.write : 0) | (next == nil ? 0 : Self.next)
    self.next = next ?? 0
  }
}

/// The driver's side of a split virtqueue, for tests: what Linux' virtio_ring does, and what a hostile
/// guest does. Indices run through 65536, wherever they start.
public final class DriverQueue {
  public let memory: GuestMemory
  public let layout: RingLayout
  public let usesEventIndex: Bool

  /// The available index that the next `publish` shows, and the used index up to which was taken.
  public private(set) var nextAvailable: UInt16
  public private(set) var nextUsed: UInt16
  /// The available index when the device was last notified, or found not to want it.
  private var notifiedAvailable: UInt16
  /// Descriptors that no chain uses, the next one last.
  private var free: [UInt16]
  /// Descriptors of the chains that the device has, by head.
  private var chains: [UInt16: [UInt16]] = [:]

  /// - Parameter start: both indices, which the rings get too.
  public init(
    _ layout: RingLayout, in memory: GuestMemory, usesEventIndex: Bool, startingAt start: UInt16 = 0
  ) throws {
    self.memory = memory
    self.layout = layout
    self.usesEventIndex = usesEventIndex
    nextAvailable = start
    nextUsed = start
    notifiedAvailable = start
    free = (0..<layout.size).reversed()
    try setAvailableFlags(0)
    try setAvailableIndex(start)
    try write(start, at: layout.usedRing + 2)
    try setUsedEvent(start)
  }

  // MARK: Chains

  /// How many descriptors no chain uses.
  public var freeCount: Int { free.count }

  /// Chains that the device has not given back.
  public var outstanding: Set<UInt16> { Set(chains.keys) }

  /// Puts a chain into the available ring. The device sees it after `publish`.
  ///
  /// - Parameters:
  ///   - buffers: those that the device reads first; any sizes.
  ///   - table: where to put an indirect table of 16 bytes for each buffer; nil: a direct chain.
  /// - Returns: the chain's head; nil where too few descriptors are free.
  @discardableResult
  public func add(_ buffers: [DriverBuffer], indirectTable table: UInt64? = nil) throws -> UInt16? {
    if let table {
      guard let head = free.popLast() else { return nil }
      for (index, buffer) in buffers.enumerated() {
        let next = index + 1 < buffers.count ? UInt16(index + 1) : nil
        try write(RawDescriptor(buffer, next: next), at: table + 16 * UInt64(index))
      }
      try set(
        RawDescriptor(
          address: table, length: UInt32(16 * buffers.count), flags: RawDescriptor.indirect), at: head)
      try offer(head, using: [head])
      return head
    }
    guard buffers.count > 0, buffers.count <= free.count else { return nil }
    let descriptors = buffers.indices.compactMap { _ in free.popLast() }
    for (index, buffer) in buffers.enumerated() {
      let next = index + 1 < buffers.count ? descriptors[index + 1] : nil
      try set(RawDescriptor(buffer, next: next), at: descriptors[index])
    }
    try offer(descriptors[0], using: descriptors)
    return descriptors[0]
  }

  private func offer(_ head: UInt16, using descriptors: [UInt16]) throws {
    chains[head] = descriptors
    try offer(head: head)
  }

  /// Puts `head` into the available ring, whatever it is.
  public func offer(head: UInt16) throws {
    try write(head, at: layout.availableRing + 4 + 2 * UInt64(nextAvailable & (layout.size &- 1)))
    nextAvailable &+= 1
  }

  /// Shows the device what was added.
  ///
  /// - Returns: whether the device wants to be notified of it (section 2.7.13.4).
  @discardableResult
  public func publish() throws -> Bool {
    try setAvailableIndex(nextAvailable)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let old = notifiedAvailable
    notifiedAvailable = nextAvailable
    guard usesEventIndex else { return try usedFlags & 1 == 0 }
    let event = try availableEvent
    return nextAvailable &- event &- 1 < nextAvailable &- old
  }

  // MARK: The used ring

  public struct Used: Hashable, Sendable {
    public let head: UInt32
    /// Bytes that the device says it wrote.
    public let written: UInt32

    public init(head: UInt32, written: UInt32) {
      self.head = head
      self.written = written
    }
  }

  /// The next chain that the device gave back; nil where there is none.
  public func takeUsed() throws -> Used? {
    guard try usedIndex != nextUsed else { return nil }
    atomicMemoryFence(ordering: .acquiringAndReleasing)
    let element = layout.usedRing + 4 + 8 * UInt64(nextUsed & (layout.size &- 1))
    let used = Used(
      head: try memory.read(UInt32.self, at: GuestAddress(element)),
      written: try memory.read(UInt32.self, at: GuestAddress(element + 4)))
    nextUsed &+= 1
    if let head = UInt16(exactly: used.head), let descriptors = chains.removeValue(forKey: head) {
      free += descriptors.reversed()
    }
    return used
  }

  public var usedIndex: UInt16 {
    get throws {
      atomicMemoryFence(ordering: .sequentiallyConsistent)
      return try memory.read(UInt16.self, at: GuestAddress(layout.usedRing + 2))
    }
  }

  /// VIRTQ_USED_F_NO_NOTIFY is bit 0.
  public var usedFlags: UInt16 {
    get throws { try memory.read(UInt16.self, at: GuestAddress(layout.usedRing)) }
  }

  /// avail_event: the available index from which on the device wants to be notified.
  public var availableEvent: UInt16 {
    get throws {
      try memory.read(UInt16.self, at: GuestAddress(layout.usedRing + 4 + 8 * UInt64(layout.size)))
    }
  }

  // MARK: Words of the rings

  /// VIRTQ_AVAIL_F_NO_INTERRUPT is bit 0.
  public func setAvailableFlags(_ flags: UInt16) throws {
    try write(flags, at: layout.availableRing)
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// used_event: the used index from which on the driver wants to be notified.
  public func setUsedEvent(_ index: UInt16) throws {
    try write(index, at: layout.availableRing + 4 + 2 * UInt64(layout.size))
    atomicMemoryFence(ordering: .sequentiallyConsistent)
  }

  /// The index as the device sees it, whatever was added.
  public func setAvailableIndex(_ index: UInt16) throws {
    atomicMemoryFence(ordering: .acquiringAndReleasing)
    try write(index, at: layout.availableRing + 2)
  }

  /// Writes a descriptor of the table, whatever it is.
  public func set(_ descriptor: RawDescriptor, at index: UInt16) throws {
    try write(descriptor, at: layout.descriptorTable + 16 * UInt64(index))
  }

  /// Writes a descriptor anywhere, for indirect tables.
  public func write(_ descriptor: RawDescriptor, at address: UInt64) throws {
    try write(descriptor.address, at: address)
    try write(descriptor.length, at: address + 8)
    try write(descriptor.flags, at: address + 12)
    try write(descriptor.next, at: address + 14)
  }

  private func write<Value: BitwiseCopyable>(_ value: Value, at address: UInt64) throws {
    try memory.write(value, at: GuestAddress(address))
  }
}
