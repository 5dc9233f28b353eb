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
  /// IORing's indices must not run through 2^32: its arithmetic would trap.
  static let longestLife: UInt32 = 1 << 31

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

  private let descriptor: FileDescriptor
  /// Signalled by completions.
  let completions: EventDescriptor
  private var ring: IORing
  private let life: UInt32
  /// Parts that this ring has taken in its life, has not completed, and was not told to begin with.
  private var takenParts: UInt32 = 0
  private var partsUnderWay: UInt32 = 0
  private var preparedParts: UInt32 = 0

  private var numbers = NumberPool(limit: Self.depth)
  // Room for as many as there are numbers; those that are taken are initialised.
  private let pending: UnsafeMutablePointer<Pending>

  /// - Parameters:
  ///   - descriptor: what is read and written, open as long as this lives.
  ///   - life: how many parts a ring takes until another one takes its place.
  init(_ descriptor: FileDescriptor, life: UInt32) throws(Errno) {
    let completions = try EventDescriptor()
    ring = try Self.makeRing(completions)
    self.completions = completions
    self.descriptor = descriptor
    self.life = life
    unsafe pending = .allocate(capacity: Int(Self.depth))
  }

  deinit {
    // A Pending is trivial: nothing to deinitialise.
    unsafe pending.deallocate()
  }

  private static func makeRing(_ completions: borrowing EventDescriptor) throws(Errno) -> IORing {
    var ring = try IORing(queueDepth: depth)
    try ring.registerEventFD(FileDescriptor(rawValue: completions.number))
    return ring
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
    takenParts &+= parts
    partsUnderWay &+= parts
    preparedParts &+= parts
    return true
  }

  /// Whether the ring takes `parts` more; makes a new one where this one is old and has nothing to do.
  private mutating func hasRoom(for parts: Int) -> Bool {
    guard parts > 0, partsUnderWay &+ UInt32(parts) <= Self.depth else { return false }
    return takenParts < life || renew()
  }

  @inline(never)
  private mutating func renew() -> Bool {
    guard partsUnderWay == 0 else { return false }
    do throws(Errno) {
      ring = try Self.makeRing(completions)
    } catch {
      return false
    }
    takenParts = 0
    return true
  }

  private mutating func prepare(_ cursor: VectorCursor, _ request: DiskRequest, context: UInt64) {
    var offset = request.offset
    for index in 0..<cursor.count {
      // index < count; the buffers are ours until the request completes.
      let vector = unsafe cursor.pointer[index]
      let buffer = unsafe UnsafeMutableRawBufferPointer(start: vector.iov_base, count: vector.iov_len)
      let context = context << 32 | UInt64(buffer.count)
      let part =
        unsafe request.operation == .read
        ? IORing.Request.read(descriptor, into: buffer, at: offset, context: context)
        : IORing.Request.write(buffer, into: descriptor, at: offset, context: context)
      let isPrepared = ring.prepare(request: part)
      // There are as many entries as parts are let under way.
      precondition(isPrepared, "a ring had no room for what it has room for")
      offset &+= UInt64(buffer.count)
    }
  }

  /// Begins what was prepared.
  mutating func commit() {
    guard preparedParts > 0 else { return }
    do throws(Errno) {
      try ring.submitPreparedRequests()
      preparedParts = 0
    } catch {
      // The kernel is out of something for now. The entries stay; whoever waits for completions tries
      // again.
      completions.signal()
    }
  }

  /// A request that ended; nil: none has for now.
  mutating func nextEnded() -> Ended? {
    while let completion = ring.tryConsumeCompletion() {
      partsUnderWay &-= 1
      let place = UInt32(truncatingIfNeeded: completion.context >> 32)
      let length = completion.context & 0xFFFF_FFFF
      let isWhole = completion.result >= 0 && UInt64(completion.result) == length
      if let ended = partEnded(place, isWhole: isWhole) { return ended }
    }
    return nil
  }

  private mutating func partEnded(_ place: UInt32, isWhole: Bool) -> Ended? {
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
