internal import CLinux
public import SystemPackage

/// A disk in a file or on a block device of the host, read and written through io_uring; what a ring
/// cannot do is left to a `FileDisk`'s threads.
public final class RingDisk: Disk {
  private let disk: FileDisk
  private let ringLife: UInt32

  /// - Throws: the errno of io_uring_setup(2): EPERM or ENOSYS where the host refuses it.
  public convenience init(_ disk: FileDisk) throws(Errno) {
    try self.init(disk, ringLife: RingChannel.longestLife)
  }

  /// - Parameter ringLife: how many parts of requests a ring takes until another one takes its place.
  init(_ disk: FileDisk, ringLife: UInt32) throws(Errno) {
    self.disk = disk
    self.ringLife = ringLife
    // Whether rings can be had is told here, not when the guest runs.
    _ = try IORing(queueDepth: 1)
  }

  public var geometry: DiskGeometry { disk.geometry }

  public func openChannel(
    for owner: any DiskChannelOwner, on loop: EventLoop
  ) throws(Errno) -> any DiskChannel {
    try RingChannel(
      disk.file, threads: disk.openThreadChannel(for: owner, on: loop), for: owner, on: loop, life: ringLife)
  }
}

/// One worker's ring.
///
/// It takes reads and writes of a few buffers. All that is unusual goes to the threads: other
/// operations, many buffers (one system call of theirs moves them all), buffers that O_DIRECT would
/// refuse, and whatever the ring did not do completely; so it is the threads alone that tell errors.
final class RingChannel: DiskChannel {
  /// Parts of requests under way in the ring.
  static let depth: UInt32 = 256
  /// Buffers that one request may have.
  static let mostParts = 8
  /// IORing's indices must not run through 2^32: its arithmetic would trap.
  static let longestLife: UInt32 = 1 << 31

  private struct Pending {
    let request: DiskRequest
    let number: UInt32
    var partsLeft: UInt32
    var isWhole = true
  }

  private let file: DiskFile
  private let threads: ThreadChannel
  private let loop: EventLoop
  // The owner closes this before it goes.
  private unowned let owner: any DiskChannelOwner
  private let completions: EventDescriptor
  private var watch: EventLoop.Watch?

  private var ring: IORing
  private let life: UInt32
  /// Parts that this ring has taken in its life, has not completed, and was not told to begin with.
  private var takenParts: UInt32 = 0
  private var partsUnderWay: UInt32 = 0
  private var preparedParts: UInt32 = 0

  private var pending: [Pending?] = []
  private var free: [Int] = []

  init(
    _ file: DiskFile, threads: ThreadChannel, for owner: any DiskChannelOwner, on loop: EventLoop,
    life: UInt32
  ) throws(Errno) {
    self.file = file
    self.threads = threads
    self.owner = owner
    self.loop = loop
    self.life = life
    completions = try EventDescriptor()
    ring = try Self.makeRing(completions)
    watch = try loop.watch(completions.number, for: .signal) { [unowned self] in deliver() }
  }

  private static func makeRing(_ completions: borrowing EventDescriptor) throws(Errno) -> IORing {
    var ring = try IORing(queueDepth: depth)
    try ring.registerEventFD(FileDescriptor(rawValue: completions.number))
    return ring
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
    threads.close()
  }

  // MARK: To the ring

  func submit(_ request: DiskRequest, _ token: consuming DiskToken) {
    guard suits(request), let cursor = VectorCursor(request), hasRoom(for: cursor.count) else {
      return threads.submit(request, token)
    }
    let parts = UInt32(cursor.count)
    let new = Pending(request: request, number: token.redeem(), partsLeft: parts)
    let index: Int
    if let last = free.popLast() {
      index = last
      pending[index] = new
    } else {
      index = pending.count
      pending.append(new)
    }
    prepare(cursor, request, context: UInt64(index))
    takenParts &+= parts
    partsUnderWay &+= parts
    preparedParts &+= parts
  }

  private func suits(_ request: DiskRequest) -> Bool {
    (request.operation == .read || request.operation == .write) && request.vectorCount <= Self.mostParts
      && file.isAligned(request)
  }

  /// Whether the ring takes `parts` more; makes a new one where this one is old and has nothing to do.
  private func hasRoom(for parts: Int) -> Bool {
    guard parts > 0, partsUnderWay + UInt32(parts) <= Self.depth else { return false }
    guard takenParts >= life else { return true }
    guard partsUnderWay == 0 else { return false }
    do throws(Errno) {
      ring = try Self.makeRing(completions)
    } catch {
      return false
    }
    takenParts = 0
    return true
  }

  private func prepare(_ cursor: VectorCursor, _ request: DiskRequest, context: UInt64) {
    let descriptor = FileDescriptor(rawValue: file.descriptor.number)
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

  func commit() {
    guard preparedParts > 0 else { return }
    do throws(Errno) {
      try ring.submitPreparedRequests()
      preparedParts = 0
    } catch {
      // The kernel is out of something for now. The entries stay; the loop comes back here after it
      // has taken completions.
      completions.signal()
    }
    // What the kernel had in its cache is done already.
    takeCompletions()
  }

  // MARK: From the ring

  private func deliver() {
    takeCompletions()
    commit()
    owner.completedBatch()
  }

  private func takeCompletions() {
    while let completion = ring.tryConsumeCompletion() {
      partsUnderWay &-= 1
      let length = completion.context & 0xFFFF_FFFF
      partEnded(
        Int(completion.context >> 32), isWhole: completion.result >= 0 && UInt64(completion.result) == length)
    }
  }

  private func partEnded(_ index: Int, isWhole: Bool) {
    guard var entry = pending[index] else { return }
    entry.partsLeft &-= 1
    if !isWhole { entry.isWhole = false }
    guard entry.partsLeft == 0 else {
      pending[index] = entry
      return
    }
    pending[index] = nil
    free.append(index)
    let token = DiskToken(entry.number)
    if entry.isWhole {
      owner.completed(token, nil)
    } else {
      // Reading or writing the same again does no harm.
      threads.submit(entry.request, token)
    }
  }
}
