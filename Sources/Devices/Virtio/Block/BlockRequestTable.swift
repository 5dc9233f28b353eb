/// The requests of one queue that are under way, and room for their buffers, which is made as it is
/// needed and kept.
@safe
struct BlockRequestTable: ~Copyable {
  /// One request. Its buffers stay where they are until it completes.
  @safe
  struct Slot: ~Copyable {
    var segments: SegmentList
    var head: UInt16 = 0
    /// Where the driver expects the status, in guest memory.
    var status: UnsafeMutableRawPointer?
    var operation = DiskRequest.Operation.flush
    /// Bytes.
    var offset: UInt64 = 0
    var length: UInt64 = 0
    /// Bytes that it will have written into the chain when it succeeds.
    var written: UInt32 = 0
    var isUnderWay = false
  }

  let capacity: Int
  private let segmentCapacity: Int
  // Room for `capacity` slots, of which `madeCount` are initialised.
  private let slots: UnsafeMutablePointer<Slot>
  private var madeCount = 0
  /// Slots that are made and not in use.
  private var free: [UInt32] = []

  init(capacity: Int, segmentCapacity: Int) {
    self.capacity = capacity
    self.segmentCapacity = segmentCapacity
    unsafe slots = .allocate(capacity: max(capacity, 1))
    free.reserveCapacity(capacity)
  }

  deinit {
    // The initialised ones, as counted.
    unsafe slots.deinitialize(count: madeCount)
    unsafe slots.deallocate()
  }

  /// How many are taken.
  var takenCount: Int { madeCount &- free.count }

  var hasRoom: Bool { takenCount < capacity }

  /// A slot for a new request; nil: all are in use.
  mutating func take() -> UInt32? {
    if let slot = free.popLast() { return slot }
    guard madeCount < capacity else { return nil }
    // Room for one more, by the line above.
    unsafe (slots + madeCount).initialize(to: Slot(segments: SegmentList(capacity: segmentCapacity)))
    madeCount &+= 1
    return UInt32(madeCount &- 1)
  }

  mutating func giveBack(_ slot: UInt32) {
    free.append(slot)
  }

  /// A slot that was taken. Valid as long as the table.
  @unsafe
  func pointer(to slot: UInt32) -> UnsafeMutablePointer<Slot> {
    // Numbers of slots come from `take` alone.
    precondition(Int(slot) < madeCount, "no such disk request")
    return unsafe slots + Int(slot)
  }
}
