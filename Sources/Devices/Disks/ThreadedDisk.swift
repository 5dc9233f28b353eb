internal import CLinux
public import SystemPackage

/// A disk in a file or on a block device of the host, used by a few threads with system calls that wait.
public final class ThreadedDisk: Disk {
  let file: DiskFile
  private let threads: DiskThreads

  /// - Parameter descriptor: open for reading, and for writing unless `isReadOnly`; with O_DIRECT for
  ///   `DiskCache.none`.
  public convenience init(
    _ descriptor: consuming OwnedDescriptor, isReadOnly: Bool = false, canDiscard: Bool = true,
    cache: DiskCache = .writeback
  ) throws(Errno) {
    try self.init(DiskFile(descriptor, isReadOnly: isReadOnly, canDiscard: canDiscard, cache: cache))
  }

  init(_ file: DiskFile) throws(Errno) {
    self.file = file
    threads = try DiskThreads(file)
  }

  deinit {
    threads.stop()
  }

  public var geometry: DiskGeometry { file.geometry }

  /// Whether the file system keeps its files in memory alone.
  public var isInMemory: Bool { file.isInMemory }

  public func openChannel(
    for owner: any DiskChannelOwner, on loop: EventLoop
  ) throws(Errno) -> any DiskChannel {
    try ThreadChannel(threads, for: owner, on: loop)
  }

  func openThreadChannel(for owner: any DiskChannelOwner, on loop: EventLoop) throws(Errno) -> ThreadChannel {
    try ThreadChannel(threads, for: owner, on: loop)
  }
}

/// One worker's requests to a disk's threads.
final class ThreadChannel: DiskChannel {
  private let threads: DiskThreads
  private let mailbox: DiskMailbox
  private let loop: EventLoop
  private var watch: EventLoop.Watch?
  /// Requests that `nextCompletion` has not told of, under way or not.
  private var untold = 0
  /// Completions that were taken out of the mailbox, of which the first `toldCount` were told.
  private var batch: [DiskMailbox.Completion] = []
  private var toldCount = 0

  init(_ threads: DiskThreads, for owner: any DiskChannelOwner, on loop: EventLoop) throws(Errno) {
    self.threads = threads
    self.loop = loop
    mailbox = try DiskMailbox()
    // The owner closes this before it goes.
    watch = try loop.watch(mailbox.event.number, for: .signal) { [unowned owner] in owner.completionsArrived()
    }
  }

  // Apart, as `nextOfBatch` is: a ring's channel comes here with what is unusual.
  @inline(never)
  func submit(_ request: DiskRequest, _ token: consuming DiskToken) {
    untold += 1
    threads.submit(DiskThreads.Job(request: request, token: token.redeem(), mailbox: mailbox))
  }

  func commit() {}

  func nextCompletion() -> DiskCompletion? {
    untold == 0 ? nil : nextOfBatch()
  }

  // Apart, so that a ring's channel, which comes here after each batch, pays for no more than the look.
  @inline(never)
  private func nextOfBatch() -> DiskCompletion? {
    if toldCount == batch.count {
      batch.removeAll(keepingCapacity: true)
      toldCount = 0
      mailbox.take(into: &batch)
      if batch.isEmpty { return nil }
    }
    let completion = batch[toldCount]
    toldCount += 1
    untold -= 1
    return DiskCompletion(
      DiskToken(completion.token), completion.error == 0 ? nil : Errno(rawValue: completion.error))
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
  }
}
