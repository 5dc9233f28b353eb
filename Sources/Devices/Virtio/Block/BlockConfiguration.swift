/// The configuration structure of a block device (virtio 1.2 section 5.2.4), as bytes.
struct BlockConfiguration {
  /// Bytes up to `write_zeroes_may_unmap` and its padding.
  static let size = 60
  /// Where the one field lies that the driver may write.
  static let writebackOffset = 32

  /// Little-endian. `writeback` is zero here: it is the device's to fill in.
  private let bytes: [UInt8]

  init(
    _ geometry: DiskGeometry, limits: BlockRequest.Limits, segments: UInt32, segmentSize: UInt32,
    queues: UInt16
  ) {
    var bytes = [UInt8](repeating: 0, count: Self.size)
    func put(_ value: some FixedWidthInteger & UnsignedInteger, at offset: Int) {
      for index in 0..<(value.bitWidth / 8) {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
    }
    put(limits.capacity / BlockSpec.sectorSize, at: 0)
    put(segmentSize, at: 8)
    put(segments, at: 12)
    // 16: geometry of cylinders, heads and sectors, which is not offered.
    put(geometry.logicalBlock, at: 20)
    let blocks = geometry.physicalBlock / geometry.logicalBlock
    put(UInt8(blocks > 1 ? blocks.trailingZeroBitCount : 0), at: 24)
    put(UInt16(clamping: max(blocks, 1)), at: 26)
    put(queues, at: 34)
    put(limits.mostDiscardSectors, at: 36)
    // One range in a request.
    put(UInt32(1), at: 40)
    put(UInt32(UInt64(geometry.physicalBlock) / BlockSpec.sectorSize), at: 44)
    put(limits.mostZeroedSectors, at: 48)
    put(UInt32(1), at: 52)
    put(UInt8(limits.canDiscard ? 1 : 0), at: 56)
    self.bytes = bytes
  }

  /// `width` bytes (1 to 8) from `offset` on, all of them within the structure.
  func read(at offset: Int, width: Int, writeback: Bool) -> UInt64 {
    var value: UInt64 = 0
    for index in (0..<width).reversed() {
      let position = offset + index
      let byte = position == Self.writebackOffset ? (writeback ? 1 : 0) : bytes[position]
      value = value << 8 | UInt64(byte)
    }
    return value
  }
}
