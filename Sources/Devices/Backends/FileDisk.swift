internal import CLinux
public import SystemPackage

/// A disk in a file or on a block device of the host, used by a few threads with system calls that wait.
public final class FileDisk: Disk {
  let file: DiskFile
  private let threads: DiskThreads

  /// - Parameter descriptor: open for reading, and for writing unless `isReadOnly`; with O_DIRECT for
  ///   `DiskCache.none`.
  public init(
    _ descriptor: consuming OwnedDescriptor, isReadOnly: Bool = false, canDiscard: Bool = true,
    cache: DiskCache = .writeback
  ) throws(Errno) {
    file = try DiskFile(descriptor, isReadOnly: isReadOnly, canDiscard: canDiscard, cache: cache)
    threads = try DiskThreads(file)
  }

  deinit {
    threads.stop()
  }

  public var geometry: DiskGeometry { file.geometry }

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
  // The owner closes this before it goes.
  private unowned let owner: any DiskChannelOwner
  private var watch: EventLoop.Watch?
  private var batch: [DiskMailbox.Completion] = []

  init(_ threads: DiskThreads, for owner: any DiskChannelOwner, on loop: EventLoop) throws(Errno) {
    self.threads = threads
    self.owner = owner
    self.loop = loop
    mailbox = try DiskMailbox()
    watch = try loop.watch(mailbox.event.number, for: .signal) { [unowned self] in deliver() }
  }

  func submit(_ request: DiskRequest, _ token: consuming DiskToken) {
    threads.submit(DiskThreads.Job(request: request, token: token.redeem(), mailbox: mailbox))
  }

  func commit() {}

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
  }

  private func deliver() {
    mailbox.take(into: &batch)
    for completion in batch {
      owner.completed(
        DiskToken(completion.token), completion.error == 0 ? nil : Errno(rawValue: completion.error))
    }
    batch.removeAll(keepingCapacity: true)
    owner.completedBatch()
  }
}
