internal import CLinux
internal import Synchronization

/// A running split virtqueue, the device's side (virtio 1.2 section 2.7).
///
/// Made of a `QueueConfiguration` whose addresses were checked once; owned by the one thread that
/// works on it. All that is read from the rings is copied exactly once and then checked.
@safe
public struct VirtQueue: ~Copyable {
  public let size: UInt16
  private let mask: UInt16
  private let hasEventIndex: Bool
  private let hasIndirect: Bool

  // Into guest memory, which `memory` keeps mapped; each ring was checked to lie in one region.
  private let memory: GuestMemory
  private let descriptors: UnsafeMutableRawPointer
  private let available: UnsafeMutableRawPointer
  private let used: UnsafeMutableRawPointer
  private let translation: Translation

  /// The next entry of the available ring to take, and of the used ring to fill, both running
  /// through 65536.
  public private(set) var nextAvailable: UInt16
  public private(set) var nextUsed: UInt16
  /// The used index when the driver was last notified, or found not to want it.
  private var signalledUsed: UInt16

  /// - Parameters:
  ///   - features: what was negotiated.
  ///   - start: both indices; nil: what the configuration says.
  public init(
    _ configuration: QueueConfiguration, features: VirtioFeatures, memory: GuestMemory,
    startingAt start: (available: UInt16, used: UInt16)? = nil
  ) throws(QueueFault) {
    let start = start ?? (configuration.start, configuration.start)
    let size = configuration.size
    guard size > 0, size & (size &- 1) == 0, size <= configuration.maximumSize else {
      throw .badSize(size)
    }
    let descriptors = try unsafe Self.ring(
      configuration.descriptorTable, SplitRing.descriptorTableSize(size), alignment: 16, memory)
    let available = try unsafe Self.ring(
      configuration.availableRing, SplitRing.availableSize(size), alignment: 2, memory)
    let used = try unsafe Self.ring(
      configuration.usedRing, SplitRing.usedSize(size), alignment: 4, memory)
    self.size = size
    mask = size &- 1
    hasEventIndex = features.contains(.eventIndex)
    hasIndirect = features.contains(.indirectDescriptors)
    self.memory = memory
    unsafe self.descriptors = descriptors
    unsafe self.available = available
    unsafe self.used = used
    translation = Translation(memory)
    nextAvailable = start.available
    nextUsed = start.used
    signalledUsed = start.used
  }

  private static func ring(
    _ address: UInt64, _ size: UInt64, alignment: UInt64, _ memory: GuestMemory
  ) throws(QueueFault) -> UnsafeMutableRawPointer {
    guard address & (alignment &- 1) == 0 else { throw .misaligned(address) }
    guard let pointer = unsafe memory.hostPointer(at: GuestAddress(address), size: size) else {
      throw .outsideMemory(address: address, size: size)
    }
    return unsafe pointer
  }

  // MARK: Taking chains

  /// Chains that the driver offers and that were not taken; a hint, which may be any number.
  var offered: UInt16 { unsafe RingWord.load(available + 2) &- nextAvailable }

  /// Takes the next chain, if there is one, and puts its buffers into `segments`.
  ///
  /// - Returns: the chain's head, which `push` gives back; nil where the driver offers nothing.
  public mutating func pop(into segments: inout SegmentList) throws(QueueFault) -> UInt16? {
    // Acquire: the entries behind the index are read after it.
    let index = unsafe RingWord.loadAcquiring(available + 2)
    let waiting = index &- nextAvailable
    if waiting == 0 { return nil }
    guard waiting <= size else { throw .availableIndexRunaway(index) }
    // The slot is below size, so it lies in the ring.
    let slot = Int(nextAvailable & mask)
    let head = unsafe RingWord.load(available + (4 &+ 2 &* slot))
    try walk(from: head, into: &segments)
    nextAvailable &+= 1
    return head
  }

  private func walk(from head: UInt16, into segments: inout SegmentList) throws(QueueFault) {
    segments.clear()
    var table = unsafe descriptors
    var entries = UInt32(size)
    var isIndirect = false
    var next = head
    var budget = size
    while true {
      guard UInt32(next) < entries else { throw .noSuchDescriptor(next) }
      // next < entries, and the table has that many.
      let descriptor = unsafe Descriptor(table + 16 &* Int(next))
      if descriptor.flags & Descriptor.indirect != 0 {
        guard hasIndirect, !isIndirect, descriptor.flags & Descriptor.next == 0,
          descriptor.length > 0, descriptor.length % 16 == 0
        else { throw .badIndirectTable }
        unsafe table = try translation.pointer(to: descriptor.address, size: descriptor.length)
        entries = descriptor.length / 16
        isIndirect = true
        next = 0
        continue
      }
      // What refers to a table is not one of the chain's buffers (section 2.7.5.3.1).
      guard budget > 0 else { throw .chainTooLong }
      budget &-= 1
      if descriptor.length > 0 {
        let base = unsafe try translation.pointer(to: descriptor.address, size: descriptor.length)
        let isWritable = descriptor.flags & Descriptor.write != 0
        if unsafe !segments.append(base, size: descriptor.length, isWritable: isWritable) {
          throw !isWritable && segments.writableCount > 0 ? .readableAfterWritable : .chainTooLong
        }
      }
      if descriptor.flags & Descriptor.next == 0 { return }
      next = descriptor.nextIndex
    }
  }

  // MARK: Giving chains back

  /// Puts a chain into the used ring; the driver sees it after `publish`.
  ///
  /// - Parameter written: bytes that the device wrote into the chain's buffers.
  public mutating func push(_ head: UInt16, written: UInt32) {
    let slot = Int(nextUsed & mask)
    let element = unsafe used + (4 &+ 8 &* slot)
    // The slot is below size, so the element lies in the ring; 4-byte alignment was checked.
    unsafe RingWord.store(UInt32(head), at: element)
    unsafe RingWord.store(written, at: element + 4)
    nextUsed &+= 1
  }

  /// Shows the driver what was pushed.
  ///
  /// - Returns: whether the driver wants to be notified of it.
  public mutating func publish() -> Bool {
    // Release: the elements are visible before the index.
    unsafe RingWord.storeReleasing(nextUsed, at: used + 2)
    // The driver sets what it waits for and then looks at the index; we do the opposite. Without a
    // full fence both could see the old value.
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    let old = signalledUsed
    guard hasEventIndex else {
      signalledUsed = nextUsed
      return old != nextUsed && (unsafe RingWord.load(available)) & Self.noInterrupt == 0
    }
    let event = unsafe RingWord.load(available + (4 &+ 2 &* Int(size)))
    signalledUsed = nextUsed
    // Whether the event index was passed by this step (section 2.7.10).
    return nextUsed &- event &- 1 < nextUsed &- old
  }

  // MARK: The driver's notifications

  /// Asks the driver to notify of the next chain.
  ///
  /// - Returns: whether chains came meanwhile, of which no notification will tell.
  public mutating func enableNotifications() -> Bool {
    if hasEventIndex {
      unsafe RingWord.store(nextAvailable, at: used + (4 &+ 8 &* Int(size)))
    } else {
      unsafe RingWord.store(UInt16(0), at: used)
    }
    atomicMemoryFence(ordering: .sequentiallyConsistent)
    return unsafe RingWord.load(available + 2) != nextAvailable
  }

  /// Tells the driver that this side looks by itself. A hint: notifications may still come.
  public mutating func disableNotifications() {
    // With an event index it is enough not to move it: it was passed already.
    if !hasEventIndex { unsafe RingWord.store(Self.noNotify, at: used) }
  }

  private static let noInterrupt: UInt16 = 1
  private static let noNotify: UInt16 = 1
}
