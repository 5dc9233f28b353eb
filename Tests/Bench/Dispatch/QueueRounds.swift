internal import Devices

/// What it costs to take a chain of three descriptors off a virtqueue and to give it back, without what a
/// device does with it.
struct QueueRounds: ~Copyable {
  private let memory: GuestMemory
  private var queue: VirtQueue
  private var segments = SegmentList(capacity: Int(QueueDriver.size))
  private var available: UInt16 = 0

  init(_ driver: QueueDriver, _ queue: consuming VirtQueue) {
    memory = driver.memory
    self.queue = queue
  }

  static func make(_ chain: QueueDriver.Chain) throws -> QueueRounds {
    let driver = try QueueDriver(chain)
    return QueueRounds(
      driver,
      try VirtQueue(
        driver.configuration, features: [.version1, .indirectDescriptors, .eventIndex],
        memory: driver.memory))
  }

  /// The driver offers a queueful, and the device takes it and gives it back.
  ///
  /// - Returns: how many chains that were.
  mutating func run() throws -> Int {
    available &+= QueueDriver.size
    try memory.write(available, at: GuestAddress(QueueDriver.availableRing + 2))
    var count = 0
    while let head = try queue.pop(into: &segments) {
      queue.push(head, written: UInt32(truncatingIfNeeded: segments.writableBytes))
      count += 1
    }
    _ = queue.publish()
    return count
  }
}

/// The driver's side: a queue whose available ring is full of chains of three descriptors.
struct QueueDriver {
  enum Chain {
    case direct
    case indirect
  }

  static let size: UInt16 = 128
  static let availableRing: UInt64 = 0x4000
  private static let tables: UInt64 = 0x10000

  let memory: GuestMemory
  let configuration: QueueConfiguration

  init(_ chain: Chain) throws {
    memory = try GuestMemory([GuestRange(base: 0, size: 1 << 20)])
    var configuration = QueueConfiguration(maximumSize: Self.size)
    configuration.descriptorTable = 0x1000
    configuration.availableRing = Self.availableRing
    configuration.usedRing = 0x5000
    self.configuration = configuration
    for slot in UInt64(0)..<UInt64(Self.size) { try offer(chain, slot) }
  }

  /// Fills a slot of the available ring. Direct chains come in several slots: the table has room for fewer.
  private func offer(_ chain: Chain, _ slot: UInt64) throws {
    let table = configuration.descriptorTable
    let head: UInt64
    switch chain {
    case .direct:
      head = slot % (UInt64(Self.size) / 3) * 3
      try describe(at: table, from: head)
    case .indirect:
      head = slot
      let indirect = Self.tables + 48 * slot
      try write(indirect, length: 48, flags: 4, next: 0, at: table + 16 * head)
      try describe(at: indirect, from: 0)
    }
    try memory.write(UInt16(head), at: GuestAddress(Self.availableRing + 4 + 2 * slot))
  }

  /// A block request's shape: a header, a page of data, a status.
  private func describe(at table: UInt64, from first: UInt64) throws {
    for (index, (length, flags)) in [(16, 1), (4096, 1), (1, 2)].enumerated() {
      let number = first + UInt64(index)
      try write(
        0x8_0000 + 0x1000 * UInt64(index), length: UInt32(length), flags: UInt16(flags),
        next: UInt16(number + 1), at: table + 16 * number)
    }
  }

  private func write(
    _ address: UInt64, length: UInt32, flags: UInt16, next: UInt16, at place: UInt64
  ) throws {
    try memory.write(address, at: GuestAddress(place))
    try memory.write(length, at: GuestAddress(place + 8))
    try memory.write(flags, at: GuestAddress(place + 12))
    try memory.write(next, at: GuestAddress(place + 14))
  }
}
