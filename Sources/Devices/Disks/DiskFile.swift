internal import CLinux
internal import Synchronization
internal import SystemPackage

/// What of the host's caches a disk uses.
public enum DiskCache: String, Sendable, Hashable, CaseIterable, Codable {
  /// The host's page cache; a flush writes it out.
  case writeback
  /// No page cache (O_DIRECT); a flush empties the device's own cache.
  case none
  /// The host's page cache; a flush does nothing, and a crash of the host loses what it held.
  case unsafe

  /// Whether data passes by the page cache.
  public var isDirect: Bool {
    if case .none = self { true } else { false }
  }
}

/// A file or block device of the host, with calls that wait until the work is done.
///
/// Any thread may call; the caller's buffers are its own meanwhile.
final class DiskFile: Sendable {
  let descriptor: OwnedDescriptor
  let geometry: DiskGeometry
  let cache: DiskCache
  /// What O_DIRECT asks of offsets and lengths, and of addresses; 1 where it is not used.
  let offsetAlignment: UInt32
  let memoryAlignment: UInt32
  /// Whether the file system keeps its files in memory alone.
  let isInMemory: Bool
  /// The error of the first flush that failed: what it lost, no later one can bring back, yet the
  /// kernel would report it only once.
  private let lostData = Atomic<Int32>(0)
  /// The blocks that are being changed, where O_DIRECT asks for larger ones than a driver does: who replaces part of
  /// a block reads all of it and writes it back, and would undo what another one does to the rest meanwhile.
  let changes = RangeLock()

  /// - Parameters:
  ///   - descriptor: open for reading, and for writing unless `isReadOnly`; with O_DIRECT for `DiskCache.none`.
  ///   - directBlock: what O_DIRECT asks of offsets and lengths, where that is known better than the host does.
  init(
    _ descriptor: consuming OwnedDescriptor, isReadOnly: Bool, canDiscard: Bool, cache: DiskCache,
    directBlock: UInt32? = nil
  ) throws(Errno) {
    var found = clinux_disk()
    // Fills the structure, whose lifetime ends after the call.
    let result = unsafe clinux_examine_disk(descriptor.number, &found)
    guard result == 0 else { throw Errno(rawValue: -result) }
    offsetAlignment = cache.isDirect ? max(directBlock ?? found.direct_offset_alignment, 1) : 1
    memoryAlignment = cache.isDirect ? max(found.direct_memory_alignment, 1) : 1
    // A file's sectors stay 512 bytes whatever O_DIRECT asks for: its partition table counts them.
    geometry = DiskGeometry(
      capacity: found.capacity, logicalBlock: found.logical_block,
      physicalBlock: max(found.physical_block, offsetAlignment), isReadOnly: isReadOnly,
      canDiscard: canDiscard)
    isInMemory = found.is_in_memory
    self.cache = cache
    self.descriptor = descriptor
  }

  /// Does all of a request; nil where that succeeded. Waits for those that change the same blocks.
  func perform(_ request: DiskRequest) -> Errno? {
    guard let claim = claim(of: request) else { return carryOut(request) }
    changes.lock(claim)
    defer { changes.unlock(claim) }
    return carryOut(request)
  }

  /// Does all of a request that was locked.
  func carryOut(_ request: DiskRequest) -> Errno? {
    switch request.operation {
    case .read: transfer(request, isWrite: false)
    case .write: transfer(request, isWrite: true)
    case .stableWrite: transfer(request, isWrite: true) ?? flush()
    case .flush: flush()
    case .discard:
      Self.error(clinux_punch_hole(descriptor.number, request.offset, request.length), of: request)
    case .writeZeroes: writeZeroes(request, mayUnmap: false)
    case .unmapZeroes: writeZeroes(request, mayUnmap: true)
    case .stableWriteZeroes: writeZeroes(request, mayUnmap: false) ?? flush()
    case .stableUnmapZeroes: writeZeroes(request, mayUnmap: true) ?? flush()
    }
  }

  // MARK: The blocks that requests change

  /// Takes the blocks of a request for whoever carries it out without `perform`, and calls `unlock` after it; false
  /// where somebody else has them.
  func tryLock(_ request: DiskRequest) -> Bool {
    offsetAlignment <= Self.sectorSize || tryLockBlocks(of: request)
  }

  func unlock(_ request: DiskRequest) {
    if offsetAlignment > Self.sectorSize { unlockBlocks(of: request) }
  }

  // These are apart, so that the others cost a comparison where a sector is a block.

  @inline(never)
  private func tryLockBlocks(of request: DiskRequest) -> Bool {
    claim(of: request).map(changes.tryLock) ?? true
  }

  @inline(never)
  private func unlockBlocks(of request: DiskRequest) {
    if let claim = claim(of: request) { changes.unlock(claim) }
  }

  /// Every request begins and ends with one of these.
  private static let sectorSize: UInt32 = 512

  /// The blocks that a request changes; nil where it changes none, or none in part. Those that change whole blocks may
  /// do so at the same time: the order is the driver's affair.
  private func claim(of request: DiskRequest) -> RangeLock.Claim? {
    switch request.operation {
    case .read, .flush: return nil
    case .write, .stableWrite, .discard, .writeZeroes, .unmapZeroes, .stableWriteZeroes, .stableUnmapZeroes:
      break
    }
    guard offsetAlignment > Self.sectorSize, request.length > 0 else { return nil }
    let unit = UInt64(offsetAlignment)
    // Both lie within the capacity, which is far from 2^64.
    let end = request.offset &+ request.length
    let (lead, rest) = (request.offset % unit, end % unit)
    return RangeLock.Claim(
      start: request.offset &- lead, end: rest == 0 ? end : end &+ (unit &- rest),
      isShared: lead == 0 && rest == 0)
  }

  private func flush() -> Errno? {
    guard cache != .unsafe, !geometry.isReadOnly else { return nil }
    let lost = lostData.load(ordering: .relaxed)
    if lost != 0 { return Errno(rawValue: lost) }
    let result = clinux_sync_data(descriptor.number)
    guard result < 0 else { return nil }
    lostData.store(-result, ordering: .relaxed)
    return Errno(rawValue: -result)
  }

  /// The error of a call on a range. fallocate(2) refuses empty ranges, a guest may send them.
  private static func error(_ result: @autoclosure () -> Int32, of request: DiskRequest) -> Errno? {
    guard request.length > 0 else { return nil }
    let result = result()
    return result < 0 ? Errno(rawValue: -result) : nil
  }

  private func writeZeroes(_ request: DiskRequest, mayUnmap: Bool) -> Errno? {
    let number = descriptor.number
    let error = Self.error(
      mayUnmap
        ? clinux_punch_hole(number, request.offset, request.length)
        : clinux_zero_range(number, request.offset, request.length), of: request)
    // A file system that cannot do it at once, or not in such pieces, gets the zeroes themselves.
    guard error == .notSupportedOnSocket || error == .notSupported || error == .invalidArgument else {
      return error
    }
    return transferThroughBuffer(request, nil, isWrite: true)
  }

  // MARK: Reading and writing

  private func transfer(_ request: DiskRequest, isWrite: Bool) -> Errno? {
    guard let cursor = VectorCursor(request) else { return nil }
    return isAligned(request)
      ? transfer(request, cursor, isWrite: isWrite)
      : transferThroughBuffer(request, cursor, isWrite: isWrite)
  }

  /// Whether the kernel takes a request's buffers as they are.
  func isAligned(_ request: DiskRequest) -> Bool {
    guard offsetAlignment > 1 || memoryAlignment > 1 else { return true }
    guard request.offset % UInt64(offsetAlignment) == 0, let cursor = VectorCursor(request) else {
      return false
    }
    return cursor.isAligned(to: memoryAlignment, lengths: offsetAlignment)
  }

  private func transfer(_ request: DiskRequest, _ start: VectorCursor, isWrite: Bool) -> Errno? {
    var cursor = start
    var offset = request.offset
    while !cursor.isAtEnd {
      // IOV_MAX.
      let count = Int32(min(cursor.count, 1024))
      // The buffers are the caller's until it is told otherwise.
      let result =
        unsafe isWrite
        ? clinux_write_vectors(descriptor.number, cursor.pointer, count, offset)
        : clinux_read_vectors(descriptor.number, cursor.pointer, count, offset)
      guard result >= 0 else { return Errno(rawValue: Int32(-result)) }
      // Nothing read: somebody made the file shorter. Nothing written: no progress would ever be.
      guard result > 0 else { return .ioError }
      cursor.advance(by: result)
      offset &+= UInt64(result)
    }
    return nil
  }
}
