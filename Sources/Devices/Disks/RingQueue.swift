internal import CLinux
internal import SystemPackage

/// Requests in an io_uring of their own. One of several buffers is several parts there, which end one by
/// one.
@safe
struct RingQueue: ~Copyable {
  /// Parts of requests under way in the ring.
  static let depth: UInt32 = 256
  /// Buffers that one request may have.
  static let mostParts = 8

  struct Ended {
    let request: DiskRequest
    let number: UInt32
    /// Whether the ring did all of it.
    let isWhole: Bool
  }

  private struct Pending {
    let request: DiskRequest
    let number: UInt32
    var partsLeft: UInt32
    var isWhole = true
  }

  private let descriptor: Int32
  /// Signalled by completions.
  let completions: EventDescriptor
  // Open as long as this lives, and used by nobody else.
  private var ring: clinux_ring
  /// Parts that the ring has not completed, and those that it was not told to begin with.
  private var partsUnderWay: UInt32 = 0
  private var preparedParts: UInt32 = 0

  private var numbers = NumberPool(limit: Self.depth)
  // Room for as many as there are numbers; those that are taken are initialised.
  private let pending: UnsafeMutablePointer<Pending>
  /// Those that the kernel did not take.
  private var refused: [Ended] = []
  private var hasRefused = false

  /// - Parameter descriptor: what is read and written, open as long as this lives.
  init(_ descriptor: Int32) throws(Errno) {
    let completions = try EventDescriptor()
    var opened = unsafe clinux_ring()
    // Fills the structure.
    let result = unsafe clinux_ring_open(&opened, Self.depth, completions.number)
    guard result == 0 else { throw Errno(rawValue: -result) }
    unsafe ring = opened
    self.completions = completions
    self.descriptor = descriptor
    unsafe pending = .allocate(capacity: Int(Self.depth))
  }

  deinit {
    var closing = unsafe ring
    // Nobody uses it any more.
    unsafe clinux_ring_close(&closing)
    // A Pending is trivial: nothing to deinitialise.
    unsafe pending.deallocate()
  }

  /// Takes a request, to be begun by `commit`; false where it has no room for it, or never will.
  mutating func prepare(_ request: DiskRequest, _ number: UInt32) -> Bool {
    guard request.vectorCount <= Self.mostParts, let cursor = VectorCursor(request),
      hasRoom(for: cursor.count), let place = numbers.take()
    else { return false }
    let parts = UInt32(cursor.count)
    // The number was taken just now: there is room, and nothing in it.
    unsafe (pending + Int(place)).initialize(
      to: Pending(request: request, number: number, partsLeft: parts))
    prepare(cursor, request, context: UInt64(place))
    partsUnderWay &+= parts
    preparedParts &+= parts
    return true
  }

  private func hasRoom(for parts: Int) -> Bool {
    parts > 0 && partsUnderWay &+ UInt32(parts) <= Self.depth
  }

  private mutating func prepare(_ cursor: VectorCursor, _ request: DiskRequest, context: UInt64) {
    var offset = request.offset
    for index in 0..<cursor.count {
      // index < count; the buffers are ours until the request completes.
      let vector = unsafe cursor.pointer[index]
      // A driver's buffers are shorter than 4 GiB.
      let length = UInt32(truncatingIfNeeded: unsafe vector.iov_len)
      let isPrepared = unsafe clinux_ring_prepare(
        &ring, request.operation != .read, descriptor, vector.iov_base, length, offset,
        context << 32 | UInt64(length))
      // There are as many entries as parts are let under way.
      precondition(isPrepared, "a ring had no room for what it has room for")
      offset &+= UInt64(length)
    }
  }

  /// Begins what was prepared. What the kernel does not take, as it is out of memory or of something else for now, has
  /// ended undone: to ask again would be to turn round and round until it has some.
  mutating func commit() {
    guard preparedParts > 0 else { return }
    preparedParts = 0
    // As `ring` says.
    if unsafe clinux_ring_submit(&ring) < 0 { withdraw() }
  }

  @inline(never)
  private mutating func withdraw() {
    var context: UInt64 = 0
    // As `ring` says; the context is a variable here.
    while unsafe clinux_ring_withdraw(&ring, &context) {
      if let ended = partEnded(context, isWhole: false) { refused.append(ended) }
    }
    hasRefused = !refused.isEmpty
  }

  @inline(never)
  private mutating func nextRefused() -> Ended? {
    let ended = refused.popLast()
    hasRefused = !refused.isEmpty
    return ended
  }

  /// A request that ended; nil: none has for now.
  mutating func nextEnded() -> Ended? {
    if hasRefused { return nextRefused() }
    var context: UInt64 = 0
    var result: Int32 = 0
    // As `ring` says; the others are variables here.
    while unsafe clinux_ring_take(&ring, &context, &result) {
      let length = context & 0xFFFF_FFFF
      let isWhole = result >= 0 && UInt64(result) == length
      if let ended = partEnded(context, isWhole: isWhole) { return ended }
    }
    return nil
  }

  private mutating func partEnded(_ context: UInt64, isWhole: Bool) -> Ended? {
    partsUnderWay &-= 1
    let place = UInt32(truncatingIfNeeded: context >> 32)
    // The ring gives back what it was given: a number that is taken.
    precondition(place < numbers.everTaken, "a ring completed what it was never given")
    let entry = unsafe pending + Int(place)
    unsafe entry.pointee.partsLeft &-= 1
    if !isWhole { unsafe entry.pointee.isWhole = false }
    guard unsafe entry.pointee.partsLeft == 0 else { return nil }
    let ended = unsafe Ended(
      request: entry.pointee.request, number: entry.pointee.number, isWhole: entry.pointee.isWhole)
    numbers.giveBack(place)
    return ended
  }
}
