public import SystemPackage

/// A disk in a file that is itself in memory (tmpfs, ramfs): what is short is copied at once by
/// the worker that asks, which takes less time than to tell another thread; a `ThreadedDisk`'s threads do the rest.
public final class MemoryDisk: Disk {
  private let disk: ThreadedDisk

  /// - Parameter disk: one whose `isInMemory`.
  public init(_ disk: ThreadedDisk) {
    self.disk = disk
  }

  public var geometry: DiskGeometry { disk.geometry }

  public func openChannel(
    for owner: any DiskChannelOwner, on loop: EventLoop
  ) throws(Errno) -> any DiskChannel {
    CopyChannel(disk.file, threads: try disk.openThreadChannel(for: owner, on: loop))
  }
}

/// One worker's copies.
final class CopyChannel: DiskChannel {
  private let file: DiskFile
  private let threads: ThreadChannel
  /// Requests that were carried out, of which the first `toldCount` were told.
  private var ended: [(number: UInt32, error: Errno?)] = []
  private var toldCount = 0

  /// The bytes from which on a copy is worth a thread.
  private static let long: UInt64 = 1 << 16

  init(_ file: DiskFile, threads: ThreadChannel) {
    self.file = file
    self.threads = threads
  }

  func submit(_ request: DiskRequest, _ token: consuming DiskToken) {
    guard request.length < Self.long, request.operation == .read || request.operation == .write,
      file.tryLock(request)
    else { return threads.submit(request, token) }
    ended.append((token.redeem(), file.carryOut(request)))
    file.unlock(request)
  }

  func commit() {}

  func nextCompletion() -> DiskCompletion? {
    guard toldCount < ended.count else {
      ended.removeAll(keepingCapacity: true)
      toldCount = 0
      return threads.nextCompletion()
    }
    let (number, error) = ended[toldCount]
    toldCount += 1
    return DiskCompletion(DiskToken(number), error)
  }

  func close() {
    threads.close()
  }
}
