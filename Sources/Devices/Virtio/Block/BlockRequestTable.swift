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

  private let segmentCapacity: Int
  private var numbers: NumberPool
  // Room for as many slots as there are numbers; those that were ever taken are initialised.
  private let slots: UnsafeMutablePointer<Slot>

  init(capacity: Int, segmentCapacity: Int) {
    self.segmentCapacity = segmentCapacity
    numbers = NumberPool(limit: UInt32(capacity))
    unsafe slots = .allocate(capacity: max(capacity, 1))
  }

  deinit {
    // The initialised ones, as counted.
    unsafe slots.deinitialize(count: Int(numbers.everTaken))
    unsafe slots.deallocate()
  }

  var isEmpty: Bool { numbers.takenCount == 0 }

  var hasRoom: Bool { numbers.hasRoom }

  /// A slot for a new request; nil: all are in use.
  mutating func take() -> UInt32? {
    let everTaken = numbers.everTaken
    guard let number = numbers.take() else { return nil }
    if number == everTaken { make(number) }
    return number
  }

  /// Happens once for each slot: kept out of the way of those that are there.
  @inline(never)
  private func make(_ number: UInt32) {
    // A number that is taken for the first time: there is room, and nothing in it.
    unsafe (slots + Int(number)).initialize(to: Slot(segments: SegmentList(capacity: segmentCapacity)))
  }

  mutating func giveBack(_ slot: UInt32) {
    numbers.giveBack(slot)
  }

  /// A slot that was taken. Valid as long as the table.
  @unsafe
  func pointer(to slot: UInt32) -> UnsafeMutablePointer<Slot> {
    // Numbers of slots come from `take` alone.
    precondition(slot < numbers.everTaken, "no such disk request")
    return unsafe slots + Int(slot)
  }
}
