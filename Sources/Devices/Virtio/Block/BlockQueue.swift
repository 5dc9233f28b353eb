internal import SystemPackage

/// What a queue's requests are carried out on.
struct BlockTarget {
  let settings: BlockSettings
  let channel: any DiskChannel
}

/// Takes a block device's requests off their queue, hands them to the disk as they come, and gives them
/// back as they complete. No request costs an allocation, once there is room for as many; and no reference count,
/// which is why it has no reference of its own to the disk.
@safe
struct BlockQueue: ~Copyable {
  private var queue: VirtQueue
  private var table: BlockRequestTable
  /// Whether chains wait in the ring because the table was full.
  private(set) var isStalled = false
  private var isAbandoned = false
  private let trace: TraceWriter

  init(
    _ configuration: QueueConfiguration, features: VirtioFeatures, memory: GuestMemory, trace: TraceWriter
  ) throws(QueueFault) {
    queue = try VirtQueue(configuration, features: features, memory: memory)
    let size = Int(configuration.size)
    table = BlockRequestTable(capacity: size, segmentCapacity: size)
    self.trace = trace
  }

  /// Whether no request is with the disk.
  var isIdle: Bool { table.isEmpty }

  // MARK: From the driver

  /// Submits what the driver offers, a queueful at most: the loop has other queues to serve.
  mutating func serve(_ disk: BlockTarget) throws(QueueFault) {
    isStalled = false
    queue.disableNotifications()
    var budget = Int(queue.size)
    do throws(QueueFault) {
      repeat {
        while budget > 0, try takeOne(disk) { budget &-= 1 }
        // What comes while these are submitted shares their interrupt.
        commit(disk)
      } while budget > 0 && !isStalled && queue.offered > 0
    } catch {
      commit(disk)
      throw error
    }
  }

  /// Asks the driver to notify of the next chain.
  ///
  /// - Returns: whether there is more to serve, of which no notification will tell.
  mutating func rest() -> Bool {
    // Where there was no room, a completion goes on; a submission may have brought one.
    isStalled ? table.hasRoom : queue.enableNotifications()
  }

  private mutating func commit(_ disk: BlockTarget) {
    disk.channel.commit()
    // What the kernel had in its cache is done already.
    takeCompletions(disk)
  }

  /// Takes a chain; false where none waits or none can be taken.
  private mutating func takeOne(_ disk: BlockTarget) throws(QueueFault) -> Bool {
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
    unsafe begin(head, number, slot, disk)
    return true
  }

  @unsafe
  private mutating func begin(
    _ head: UInt16, _ number: UInt32, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>,
    _ disk: BlockTarget
  ) {
    let writable = unsafe slot.pointee.segments.writableBytes
    guard let status = unsafe slot.pointee.segments.takeLastWritableByte() else {
      // There is no place for a status; the chain goes back as it came.
      disk.settings.monitor.noteRefusal()
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
        words, readable: readable, writable: writable &- 1, limits: disk.settings.limits)
      trace.requestBegan(number, request)
      unsafe slot.pointee.head = head
      unsafe slot.pointee.status = status
      // Truthful where the status byte is all that is written; a read adds its data.
      unsafe slot.pointee.written = writable == 1 ? 1 : 0
      if request == .identify {
        unsafe identify(slot, writable, disk)
        return unsafe finish(number, slot, .ok)
      }
      unsafe submit(request, number, slot, disk)
    } catch {
      disk.settings.monitor.noteRefusal()
      // The status lies in guest memory, which the host keeps mapped.
      unsafe status.storeBytes(of: error.rawValue, as: UInt8.self)
      queue.push(head, written: writable == 1 ? 1 : 0)
      table.giveBack(number)
    }
  }

  @unsafe
  private func identify(
    _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>, _ writable: UInt64, _ disk: BlockTarget
  ) {
    let count = unsafe disk.settings.identity.withUnsafeBytes {
      unsafe slot.pointee.segments.copyIn($0, at: 0)
    }
    if UInt64(count) &+ 1 == writable { unsafe slot.pointee.written = UInt32(count) &+ 1 }
  }

  @unsafe
  private mutating func submit(
    _ request: BlockRequest, _ number: UInt32, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>,
    _ disk: BlockTarget
  ) {
    let work = unsafe Self.work(request, slot, disk.settings)
    unsafe slot.pointee.operation = work.operation
    unsafe slot.pointee.offset = work.offset
    unsafe slot.pointee.length = work.length
    unsafe slot.pointee.isUnderWay = true
    disk.channel.submit(work, DiskToken(number))
  }

  /// What the disk is to do. The slot keeps the buffers until the request completes.
  @unsafe
  private static func work(
    _ request: BlockRequest, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>, _ settings: BlockSettings
  ) -> DiskRequest {
    switch request {
    case .read(let extent):
      // At most `Limits.mostData`, which fits.
      unsafe slot.pointee.written = UInt32(truncatingIfNeeded: extent.length) &+ 1
      return unsafe slot.pointee.segments.withWritable { vectors, count in
        unsafe DiskRequest(
          .read, offset: extent.offset, length: extent.length, vectors: vectors, count: count)
      }
    case .write(let extent):
      unsafe slot.pointee.segments.dropReadable(BlockSpec.headerSize)
      let operation: DiskRequest.Operation = settings.isWriteThrough ? .stableWrite : .write
      return unsafe slot.pointee.segments.withReadable { vectors, count in
        unsafe DiskRequest(
          operation, offset: extent.offset, length: extent.length, vectors: vectors, count: count)
      }
    case .discard(let extent):
      return DiskRequest(.discard, offset: extent.offset, length: extent.length)
    case .writeZeroes(let extent, let mayUnmap):
      // These are writes of known data, which a discard's are not: a cache that is written through holds none of it.
      let operation: DiskRequest.Operation =
        mayUnmap && settings.limits.canDiscard
        ? settings.isWriteThrough ? .stableUnmapZeroes : .unmapZeroes
        : settings.isWriteThrough ? .stableWriteZeroes : .writeZeroes
      return DiskRequest(operation, offset: extent.offset, length: extent.length)
    case .flush, .identify:
      return DiskRequest(.flush)
    }
  }

  // MARK: From the disk

  /// Gives back the chains of requests that ended.
  mutating func takeCompletions(_ disk: BlockTarget) {
    while let completion = disk.channel.nextCompletion() {
      let (number, error) = completion.redeem()
      note(number, error, disk)
    }
  }

  private mutating func note(_ number: UInt32, _ error: Errno?, _ disk: BlockTarget) {
    // Submitted and not completed yet: the token is the proof.
    let slot = unsafe table.pointer(to: number)
    precondition(unsafe slot.pointee.isUnderWay, "a disk request completed twice")
    unsafe slot.pointee.isUnderWay = false
    unsafe Self.note(slot, error, disk.settings.monitor)
    unsafe finish(number, slot, Self.status(error))
  }

  @unsafe
  private static func note(
    _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>, _ error: Errno?, _ monitor: DiskMonitor
  ) {
    let operation = unsafe slot.pointee.operation
    if let error {
      unsafe monitor.noteFailure(.init(operation: operation, offset: slot.pointee.offset, error: error))
    } else {
      unsafe monitor.noteCompletion(operation, bytes: slot.pointee.length)
    }
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
  private mutating func finish(
    _ number: UInt32, _ slot: UnsafeMutablePointer<BlockRequestTable.Slot>, _ status: BlockStatus
  ) {
    trace.requestEnded(number, status)
    if !isAbandoned {
      // The status lies in guest memory, which the host keeps mapped.
      unsafe slot.pointee.status?.storeBytes(of: status.rawValue, as: UInt8.self)
      let isWhole = unsafe status == .ok || slot.pointee.operation != .read
      unsafe queue.push(slot.pointee.head, written: isWhole ? slot.pointee.written : 0)
    }
    table.giveBack(number)
  }

  /// Shows the driver what was given back.
  ///
  /// - Returns: whether it wants to be notified of it.
  mutating func publish() -> Bool {
    !isAbandoned && queue.publish()
  }

  /// From now on the rings and the guest's buffers are left alone, but by requests that are still with
  /// the disk.
  mutating func abandon() {
    isAbandoned = true
  }
}
