internal import CLinux
public import SystemPackage

/// A disk in a file or on a block device of the host, read and written through io_uring; what a ring
/// cannot do is left to a `ThreadedDisk`'s threads.
public final class RingDisk: Disk {
  private let disk: ThreadedDisk
  private let mayUseThreads: Bool

  /// - Parameter mayUseThreads: where the host has no memory for one more ring: Linux before 5.12 counts it as locked.
  /// - Throws: the errno of io_uring_setup(2): EPERM or ENOSYS where the host refuses it.
  public init(_ disk: ThreadedDisk, mayUseThreads: Bool = false) throws(Errno) {
    self.disk = disk
    self.mayUseThreads = mayUseThreads
    // Whether rings can be had is told here, not when the guest runs.
    _ = try RingQueue(disk.file.descriptor.number)
  }

  public var geometry: DiskGeometry { disk.geometry }

  public func openChannel(
    for owner: any DiskChannelOwner, on loop: EventLoop
  ) throws(Errno) -> any DiskChannel {
    let threads = try disk.openThreadChannel(for: owner, on: loop)
    do throws(Errno) {
      return try RingChannel(disk.file, threads: threads, for: owner, on: loop)
    } catch .noMemory where mayUseThreads {
      return threads
    }
  }
}

/// One worker's ring.
///
/// It takes reads and writes of a few buffers. All that is unusual goes to the threads: other
/// operations, many buffers (one system call of theirs moves them all), long copies from the page cache,
/// buffers that O_DIRECT would refuse, writes to a block that a thread is at, and whatever the ring did not
/// do completely; so it is the threads alone that tell errors.
@safe
final class RingChannel: DiskChannel {
  private let file: DiskFile
  private let threads: ThreadChannel
  private let loop: EventLoop
  // Made by init and unmade by deinit. By pointer, as the loop's thread alone comes here, one call at a
  // time: nothing of it need be checked for each request.
  private let ring: UnsafeMutablePointer<RingQueue>
  private var watch: EventLoop.Watch?

  init(
    _ file: DiskFile, threads: ThreadChannel, for owner: any DiskChannelOwner, on loop: EventLoop
  ) throws(Errno) {
    self.file = file
    self.threads = threads
    self.loop = loop
    let made = try RingQueue(file.descriptor.number)
    let completions = made.completions.number
    unsafe ring = .allocate(capacity: 1)
    unsafe ring.initialize(to: made)
    // The owner closes this before it goes.
    watch = try loop.watch(completions, for: .signal) { [unowned owner] in owner.completionsArrived() }
  }

  deinit {
    unsafe ring.deinitialize(count: 1)
    unsafe ring.deallocate()
  }

  func submit(_ request: DiskRequest, _ token: consuming DiskToken) {
    let number = token.redeem()
    if suits(request), file.tryLock(request) {
      // `ring` is initialised, and nobody else's during the call.
      if unsafe ring.pointee.prepare(request, number) { return }
      file.unlock(request)
    }
    threads.submit(request, DiskToken(number))
  }

  /// The bytes from which on a copy from the page cache is worth a thread: a ring copies during `commit`, or in
  /// a kernel thread one request after the other. Copies to it wait for each other in any case.
  private static let longRead: UInt64 = 1 << 18

  private func suits(_ request: DiskRequest) -> Bool {
    switch request.operation {
    case .read: (request.length < Self.longRead || file.cache.isDirect) && file.isAligned(request)
    case .write: file.isAligned(request)
    default: false
    }
  }

  func commit() {
    // As in `submit`.
    unsafe ring.pointee.commit()
  }

  func nextCompletion() -> DiskCompletion? {
    // As in `submit`.
    while let ended = unsafe ring.pointee.nextEnded() {
      let token = DiskToken(ended.number)
      file.unlock(ended.request)
      if ended.isWhole { return DiskCompletion(token, nil) }
      // Reading or writing the same again does no harm.
      threads.submit(ended.request, token)
    }
    return threads.nextCompletion()
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
    threads.close()
  }
}
