/// Feature bits of a block device (virtio 1.2 section 5.2.3).
extension VirtioFeatures {
  /// VIRTIO_BLK_F_SIZE_MAX: `size_max` bounds one segment.
  static let blockSizeMax = VirtioFeatures(bit: 1)
  /// VIRTIO_BLK_F_SEG_MAX: `seg_max` bounds the segments of a request.
  static let blockSegMax = VirtioFeatures(bit: 2)
  /// VIRTIO_BLK_F_RO.
  static let blockReadOnly = VirtioFeatures(bit: 5)
  /// VIRTIO_BLK_F_BLK_SIZE: `blk_size` is the sector size to use.
  static let blockSize = VirtioFeatures(bit: 6)
  /// VIRTIO_BLK_F_FLUSH.
  static let blockFlush = VirtioFeatures(bit: 9)
  /// VIRTIO_BLK_F_TOPOLOGY.
  static let blockTopology = VirtioFeatures(bit: 10)
  /// VIRTIO_BLK_F_CONFIG_WCE: the driver may change `writeback`.
  static let blockConfigurableCache = VirtioFeatures(bit: 11)
  /// VIRTIO_BLK_F_MQ: `num_queues` queues.
  static let blockMultiQueue = VirtioFeatures(bit: 12)
  /// VIRTIO_BLK_F_DISCARD.
  static let blockDiscard = VirtioFeatures(bit: 13)
  /// VIRTIO_BLK_F_WRITE_ZEROES.
  static let blockWriteZeroes = VirtioFeatures(bit: 14)
}

/// The first byte that a driver looks at when a request comes back (section 5.2.6).
enum BlockStatus: UInt8, Error {
  case ok = 0
  case ioError = 1
  case unsupported = 2
}

/// Numbers of the block device's protocol.
enum BlockSpec {
  /// All offsets of the protocol count these, whatever the disk's own sectors are.
  static let sectorSize: UInt64 = 512
  /// Bytes of a request's type, reserved word and sector.
  static let headerSize: UInt64 = 16
  /// Bytes of a discard or write zeroes range.
  static let rangeSize: UInt64 = 16
  /// Bytes of an identity string.
  static let identitySize = 20

  /// Request types.
  static let read: UInt32 = 0
  static let write: UInt32 = 1
  static let flush: UInt32 = 4
  static let identify: UInt32 = 8
  static let discard: UInt32 = 11
  static let writeZeroes: UInt32 = 13

  /// The flag of a write zeroes range that allows to give its blocks back.
  static let unmap: UInt32 = 1
}
