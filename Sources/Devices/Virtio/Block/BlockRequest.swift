/// What a driver asks of a disk, checked against the disk (virtio 1.2 section 5.2.6).
enum BlockRequest: Hashable {
  /// Bytes of the disk, all of them within its capacity.
  struct Extent: Hashable {
    let offset: UInt64
    let length: UInt64
  }

  case read(Extent)
  case write(Extent)
  case flush
  case identify
  case discard(Extent)
  case writeZeroes(Extent, mayUnmap: Bool)

  /// The first 32 bytes that a request lets the device read: header, and for some a range. Copied once,
  /// zeroes where the request is shorter.
  struct Head: BitwiseCopyable {
    /// Type in the low half, a reserved word in the high one.
    var typeWord: UInt64 = 0
    var sector: UInt64 = 0
    var rangeSector: UInt64 = 0
    /// Sectors in the low half, flags in the high one.
    var rangeWord: UInt64 = 0
  }

  /// What the disk allows.
  struct Limits: Hashable {
    /// Bytes.
    var capacity: UInt64
    var isReadOnly = false
    var canDiscard = true
    /// Bytes of data in one request.
    var mostData: UInt64
    /// Sectors in one range.
    var mostDiscardSectors: UInt32
    var mostZeroedSectors: UInt32
  }

  /// Reads a request, however it is spread over buffers.
  ///
  /// - Parameters:
  ///   - readable: bytes that the device may read: header and data.
  ///   - writable: bytes that it may write before the status byte.
  /// - Throws: the status to refuse it with.
  static func parse(
    _ head: Head, readable: UInt64, writable: UInt64, limits: Limits
  ) throws(BlockStatus) -> BlockRequest {
    guard readable >= BlockSpec.headerSize else { throw .ioError }
    let payload = readable &- BlockSpec.headerSize
    switch UInt32(truncatingIfNeeded: head.typeWord) {
    case BlockSpec.read:
      return .read(try extent(sector: head.sector, length: writable, limits))
    case BlockSpec.write:
      guard !limits.isReadOnly else { throw .ioError }
      return .write(try extent(sector: head.sector, length: payload, limits))
    case BlockSpec.flush:
      return .flush
    case BlockSpec.identify:
      return .identify
    case BlockSpec.discard:
      guard limits.canDiscard else { throw .unsupported }
      let (extent, flags) = try range(head, payload, most: limits.mostDiscardSectors, limits)
      guard flags == 0 else { throw .unsupported }
      return .discard(extent)
    case BlockSpec.writeZeroes:
      let (extent, flags) = try range(head, payload, most: limits.mostZeroedSectors, limits)
      guard flags & ~BlockSpec.unmap == 0 else { throw .unsupported }
      return .writeZeroes(extent, mayUnmap: flags & BlockSpec.unmap != 0)
    default:
      throw .unsupported
    }
  }

  private static func extent(
    sector: UInt64, length: UInt64, _ limits: Limits
  ) throws(BlockStatus) -> Extent {
    guard length % BlockSpec.sectorSize == 0, length <= limits.mostData else { throw .ioError }
    return try bounded(sector: sector, length: length, limits)
  }

  /// The one range that a request may have.
  private static func range(
    _ head: Head, _ payload: UInt64, most: UInt32, _ limits: Limits
  ) throws(BlockStatus) -> (Extent, flags: UInt32) {
    guard !limits.isReadOnly else { throw .ioError }
    guard payload == BlockSpec.rangeSize else {
      throw payload % BlockSpec.rangeSize == 0 && payload > 0 ? .unsupported : .ioError
    }
    let sectors = UInt32(truncatingIfNeeded: head.rangeWord)
    guard sectors <= most else { throw .ioError }
    let length = UInt64(sectors) &* BlockSpec.sectorSize
    return (
      try bounded(sector: head.rangeSector, length: length, limits),
      UInt32(truncatingIfNeeded: head.rangeWord &>> 32)
    )
  }

  private static func bounded(
    sector: UInt64, length: UInt64, _ limits: Limits
  ) throws(BlockStatus) -> Extent {
    let (offset, isHuge) = sector.multipliedReportingOverflow(by: BlockSpec.sectorSize)
    guard !isHuge, offset <= limits.capacity, length <= limits.capacity &- offset else { throw .ioError }
    return Extent(offset: offset, length: length)
  }
}
