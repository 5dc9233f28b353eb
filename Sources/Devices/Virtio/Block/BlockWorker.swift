internal import SystemPackage

/// Works on one queue of a block device, on its event loop: requests go to the disk as they come and
/// back to the driver as they complete.
///
///              queue fault                          stop
///     working ────────────> failed ───────────────────────────┐
///        │                                                     v
///        └──────────────────────── stop ──────────────────> draining ──> stopped, `done` called
///
/// After a fault the rings and the guest's buffers are left alone, but by requests that are still with
/// the disk. Draining waits for those, and gives their chains back where there was no fault: they may
/// have been overtaken by others, so that the queue could not be begun anew in the midst of them.
final class BlockWorker: DiskChannelOwner {
  private enum State {
    case working
    case failed
    case draining
  }

  private var queue: VirtQueue
  private var table: BlockRequestTable
  private var state = State.working
  private var hasFailed = false
  /// Whether chains wait in the ring because the table was full.
  private var isStalled = false
  private var onDrained: [() -> Void] = []

  private let assignment: QueueAssignment
  private let host: any DeviceHost
  private let loop: EventLoop
  private let settings: BlockSettings
  /// Nil where the host is out of descriptors: every request fails then.
  private var channel: (any DiskChannel)?
  private var watch: EventLoop.Watch?

  /// Nil where the queue cannot run; the host was told then.
  init?(
    _ assignment: QueueAssignment, features: VirtioFeatures, host: any DeviceHost, settings: BlockSettings,
    on loop: EventLoop
  ) {
    do throws(QueueFault) {
      queue = try VirtQueue(assignment.configuration, features: features, memory: host.memory)
    } catch {
      host.fail(error)
      return nil
    }
    let size = Int(assignment.configuration.size)
    table = BlockRequestTable(capacity: size, segmentCapacity: size)
    self.assignment = assignment
    self.host = host
    self.loop = loop
    self.settings = settings
    channel = try? settings.disk.openChannel(for: self, on: loop)
    watch = try? loop.watch(assignment.doorbell.event.number, for: .signal) { [unowned self] in serve() }
    // The driver may have filled the queue before it was ready.
    serve()
  }

  /// Takes no more requests, and calls `done` when none is with the disk any more: now or later.
  func stop(_ done: @escaping () -> Void) {
    if let watch { loop.cancel(watch) }
    watch = nil
    state = .draining
    onDrained.append(done)
    finishDraining()
  }

  private func finishDraining() {
    guard state == .draining, table.takenCount == 0 else { return }
    channel?.close()
    channel = nil
    let callbacks = onDrained
    onDrained = []
    for done in callbacks { done() }
  }

  // MARK: From the driver

  private func serve() {
    guard state == .working else { return }
    let start = assignment.trace.now
    defer { assignment.trace.served(since: start) }
    isStalled = false
    queue.disableNotifications()
    do throws(QueueFault) {
      // A queueful at a time: the loop has other queues to serve.
      var budget = Int(queue.size)
      repeat {
        while budget > 0, try serveOne() { budget &-= 1 }
        // What came while these were submitted shares their interrupt.
        channel?.commit()
      } while budget > 0 && !isStalled && queue.offered > 0
    } catch {
      channel?.commit()
      publish()
      state = .failed
      hasFailed = true
      if let watch { loop.cancel(watch) }
      watch = nil
      return host.fail(error)
    }
    publish()
    // Where there is no room, a completion goes on; `commit` may have brought one.
    if isStalled ? table.hasRoom : queue.enableNotifications() { assignment.doorbell.event.signal() }
  }

  /// Takes a chain; false where none waits or none can be taken.
  private func serveOne() throws(QueueFault) -> Bool {
    guard let number = table.take() else {
      isStalled = true
      return false
    }
    // Taken by the line above and given back at the latest when its request completes.
    let slot = unsafe table.pointer(to: number)
    let head: UInt16?
    do throws(QueueFault) {
      head = unsafe try queue.pop(into: &slot.pointee.segments)
    } catch {
      table.giveBack(number)
      throw error
    }
    guard let head else {
      table.giveBack(number)
      return false
    }
    unsafe begin(head, number, slot)
    return true
  }

  @unsafe
  private func begin(_ head: UInt16, _ number: UInt32, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>) {
    let writable = unsafe slot.pointee.segments.writableBytes
    guard let status = unsafe slot.pointee.segments.takeLastWritableByte() else {
      // There is no place for a status; the chain goes back as it came.
      settings.monitor.noteRefusal()
      queue.push(head, written: 0)
      return table.giveBack(number)
    }
    var words = BlockRequest.Head()
    let readable = unsafe slot.pointee.segments.readableBytes
    _ = unsafe withUnsafeMutableBytes(of: &words) { buffer in
      unsafe slot.pointee.segments.copyOut(from: 0, into: buffer)
    }
    do throws(BlockStatus) {
      let request = try BlockRequest.parse(
        words, readable: readable, writable: writable &- 1, limits: settings.limits)
      assignment.trace.requestBegan(number, request)
      unsafe slot.pointee.head = head
      unsafe slot.pointee.status = status
      // Truthful where the status byte is all that is written; a read adds its data.
      unsafe slot.pointee.written = writable == 1 ? 1 : 0
      if request == .identify {
        unsafe identify(slot, writable)
        return unsafe finish(number, slot, .ok)
      }
      unsafe submit(request, number, slot)
    } catch {
      settings.monitor.noteRefusal()
      // The status lies in guest memory, which the host keeps mapped.
      unsafe status.storeBytes(of: error.rawValue, as: UInt8.self)
      queue.push(head, written: writable == 1 ? 1 : 0)
      table.giveBack(number)
    }
  }

  @unsafe
  private func identify(_ slot: UnsafeMutablePointer<BlockRequestTable.Slot>, _ writable: UInt64) {
    let count = unsafe settings.identity.withUnsafeBytes { unsafe slot.pointee.segments.copyIn($0, at: 0) }
    if UInt64(count) &+ 1 == writable { unsafe slot.pointee.written = UInt32(count) &+ 1 }
  }

  @unsafe
  private func submit(
    _ request: BlockRequest, _ number: UInt32, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>
  ) {
    let work: DiskRequest
    // The slot keeps the buffers until the request completes.
    switch request {
    case .read(let extent):
      // At most `Limits.mostData`, which fits.
      unsafe slot.pointee.written = UInt32(truncatingIfNeeded: extent.length) &+ 1
      work = unsafe slot.pointee.segments.withWritable { vectors, count in
        unsafe DiskRequest(
          .read, offset: extent.offset, length: extent.length, vectors: vectors, count: count)
      }
    case .write(let extent):
      unsafe slot.pointee.segments.dropReadable(BlockSpec.headerSize)
      let operation: DiskRequest.Operation = settings.isWriteThrough ? .stableWrite : .write
      work = unsafe slot.pointee.segments.withReadable { vectors, count in
        unsafe DiskRequest(
          operation, offset: extent.offset, length: extent.length, vectors: vectors, count: count)
      }
    case .discard(let extent):
      work = DiskRequest(.discard, offset: extent.offset, length: extent.length)
    case .writeZeroes(let extent, let mayUnmap):
      let operation: DiskRequest.Operation =
        mayUnmap && settings.limits.canDiscard ? .unmapZeroes : .writeZeroes
      work = DiskRequest(operation, offset: extent.offset, length: extent.length)
    case .flush, .identify:
      work = DiskRequest(.flush)
    }
    unsafe slot.pointee.operation = work.operation
    unsafe slot.pointee.offset = work.offset
    unsafe slot.pointee.length = work.length
    guard let channel else {
      settings.monitor.noteFailure(
        .init(operation: work.operation, offset: work.offset, error: .tooManyOpenFiles))
      return unsafe finish(number, slot, .ioError)
    }
    unsafe slot.pointee.isUnderWay = true
    channel.submit(work, DiskToken(number))
  }

  // MARK: From the disk

  func completed(_ token: consuming DiskToken, _ error: Errno?) {
    let number = token.redeem()
    // Submitted and not completed yet: the token is the proof.
    let slot = unsafe table.pointer(to: number)
    precondition(unsafe slot.pointee.isUnderWay, "a disk request completed twice")
    unsafe slot.pointee.isUnderWay = false
    let operation = unsafe slot.pointee.operation
    if let error {
      unsafe settings.monitor.noteFailure(
        .init(operation: operation, offset: slot.pointee.offset, error: error))
    } else {
      unsafe settings.monitor.noteCompletion(operation, bytes: slot.pointee.length)
    }
    unsafe finish(number, slot, Self.status(error))
  }

  func completedBatch() {
    if !hasFailed { publish() }
    guard state == .working else { return finishDraining() }
    if isStalled { serve() }
  }

  private static func status(_ error: Errno?) -> BlockStatus {
    switch error {
    case nil: .ok
    // What the file system under the disk cannot do, the driver may stop to ask for.
    case .notSupported?, .notSupportedOnSocket?: .unsupported
    default: .ioError
    }
  }

  /// Tells the driver the end of a request, if it still listens.
  @unsafe
  private func finish(
    _ number: UInt32, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>, _ status: BlockStatus
  ) {
    assignment.trace.requestEnded(number, status)
    if !hasFailed {
      // The status lies in guest memory, which the host keeps mapped.
      unsafe slot.pointee.status?.storeBytes(of: status.rawValue, as: UInt8.self)
      let isWhole = unsafe status == .ok || slot.pointee.operation != .read
      unsafe queue.push(slot.pointee.head, written: isWhole ? slot.pointee.written : 0)
    }
    table.giveBack(number)
  }

  private func publish() {
    if queue.publish() { assignment.interrupt.signal() }
  }
}
