public import Devices

/// What no driver may put into a queue, each with the fault that it is.
public enum MalformedChain: CaseIterable, Sendable {
  case headOutsideTable
  case nextOutsideTable
  case loopToItself
  case loopOfTwo
  case runawayIndex
  case readableAfterWritable
  case bufferOutsideMemory
  case bufferPastEndOfMemory
  case bufferAcrossAddressSpace
  case indirectOfNoEntry
  case indirectOfOddSize
  case indirectOutsideMemory
  case indirectWithNext
  case indirectWithinIndirect
  case indirectNextOutsideTable
  case indirectLoop
}

extension DriverQueue {
  /// Offers and publishes a malformed chain.
  ///
  /// - Parameter arena: the queue's memory; of one region.
  /// - Returns: the fault that the device finds where indirect descriptors were negotiated.
  @discardableResult
  public func offer(_ chain: MalformedChain, in arena: GuestArena) throws -> QueueFault {
    let good = try arena.take(64)
    let table = try arena.take(64)
    let outside = memory.regions.last.map { $0.range.last.value + 1 } ?? 0
    let size = layout.size
    let fault: QueueFault
    var head: UInt16 = 0
    switch chain {
    case .headOutsideTable:
      head = size
      fault = .noSuchDescriptor(size)
    case .nextOutsideTable:
      try set(RawDescriptor(address: good, length: 8, flags: RawDescriptor.next, next: size), at: 0)
      fault = .noSuchDescriptor(size)
    case .loopToItself:
      try set(RawDescriptor(address: good, length: 8, flags: RawDescriptor.next, next: 0), at: 0)
      fault = .chainTooLong
    case .loopOfTwo:
      try set(RawDescriptor(address: good, length: 8, flags: RawDescriptor.next, next: size - 1), at: 0)
      try set(RawDescriptor(address: good, length: 8, flags: RawDescriptor.next, next: 0), at: size - 1)
      fault = .chainTooLong
    case .runawayIndex:
      let index = nextAvailable &+ size &+ 1
      try setAvailableIndex(index)
      return .availableIndexRunaway(index)
    case .readableAfterWritable:
      let flags = RawDescriptor.next | RawDescriptor.write
      try set(RawDescriptor(address: good, length: 8, flags: flags, next: size - 1), at: 0)
      try set(RawDescriptor(address: good, length: 8), at: size - 1)
      fault = .readableAfterWritable
    case .bufferOutsideMemory:
      try set(RawDescriptor(address: outside, length: 1), at: 0)
      fault = .outsideMemory(address: outside, size: 1)
    case .bufferPastEndOfMemory:
      try set(RawDescriptor(address: outside - 8, length: 9), at: 0)
      fault = .outsideMemory(address: outside - 8, size: 9)
    case .bufferAcrossAddressSpace:
      try set(RawDescriptor(address: .max - 7, length: 16), at: 0)
      fault = .outsideMemory(address: .max - 7, size: 16)
    case .indirectOfNoEntry:
      try set(RawDescriptor(address: table, length: 0, flags: RawDescriptor.indirect), at: 0)
      fault = .badIndirectTable
    case .indirectOfOddSize:
      try set(RawDescriptor(address: table, length: 24, flags: RawDescriptor.indirect), at: 0)
      fault = .badIndirectTable
    case .indirectOutsideMemory:
      try set(RawDescriptor(address: outside, length: 16, flags: RawDescriptor.indirect), at: 0)
      fault = .outsideMemory(address: outside, size: 16)
    case .indirectWithNext:
      let flags = RawDescriptor.indirect | RawDescriptor.next
      try set(RawDescriptor(address: table, length: 16, flags: flags, next: size - 1), at: 0)
      fault = .badIndirectTable
    case .indirectWithinIndirect:
      try write(RawDescriptor(address: table, length: 16, flags: RawDescriptor.indirect), at: table)
      fault = try offerTable(table, entries: 1, .badIndirectTable)
    case .indirectNextOutsideTable:
      try write(RawDescriptor(address: good, length: 8, flags: RawDescriptor.next, next: 2), at: table)
      fault = try offerTable(table, entries: 2, .noSuchDescriptor(2))
    case .indirectLoop:
      try write(RawDescriptor(address: good, length: 8, flags: RawDescriptor.next, next: 0), at: table)
      fault = try offerTable(table, entries: 1, .chainTooLong)
    }
    try offer(head: head)
    try publish()
    return fault
  }

  private func offerTable(_ table: UInt64, entries: UInt32, _ fault: QueueFault) throws -> QueueFault {
    try set(RawDescriptor(address: table, length: 16 * entries, flags: RawDescriptor.indirect), at: 0)
    return fault
  }
}
