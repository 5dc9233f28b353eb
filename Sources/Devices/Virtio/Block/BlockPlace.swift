internal import Synchronization
internal import SystemPackage

/// Where one queue of a disk is worked on, on an event loop: a channel to the disk, and whoever works with it now.
///
/// The channel is opened with the device, while its descriptors can still be refused, and is there for one worker after
/// the other.
final class BlockPlace: DiskChannelOwner {
  private var opened: (any DiskChannel)?
  /// Sees to it that nothing is under way when it goes.
  var worker: BlockWorker?

  init(_ disk: any Disk, on loop: EventLoop) throws(Errno) {
    opened = try disk.openChannel(for: self, on: loop)
  }

  /// Until `close`.
  var channel: any DiskChannel {
    guard let opened else { preconditionFailure("a disk's channel is used after its end") }
    return opened
  }

  func completionsArrived() {
    worker?.completionsArrived()
  }

  func close() {
    opened?.close()
    opened = nil
  }
}

/// A thread with one queue's place.
struct BlockLane: Sendable {
  let thread: IOThread
  let place = LoopBound<BlockPlace>()

  /// The end of `open`, for the thread that waits for it.
  private final class Opening: Sendable {
    let ended = Semaphore()
    let error = Mutex<Errno?>(nil)
  }

  func open(_ disk: any Disk) throws(Errno) {
    let opening = Opening()
    thread.post { [place] loop in
      do throws(Errno) {
        place.set(try BlockPlace(disk, on: loop), on: loop)
      } catch {
        opening.error.withLock { $0 = error }
      }
      opening.ended.signal()
    }
    opening.ended.wait()
    if let error = opening.error.withLock({ $0 }) { throw error }
  }

  func close() {
    thread.post { [place] loop in
      place.get(on: loop)?.close()
      place.set(nil, on: loop)
    }
  }
}
