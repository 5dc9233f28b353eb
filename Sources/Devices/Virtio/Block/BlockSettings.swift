internal import Synchronization

/// What the workers of one block device share: the disk's limits, and how the driver wants it cached.
final class BlockSettings: Sendable {
  let limits: BlockRequest.Limits
  /// The serial number, padded with zeroes.
  let identity: [UInt8]
  let monitor: DiskMonitor

  /// The `writeback` field.
  private let writeback = Atomic<Bool>(true)
  /// Whether every write must be stable when it completes.
  private let writeThrough = Atomic<Bool>(false)

  init(_ geometry: DiskGeometry, identity: String, monitor: DiskMonitor) {
    self.monitor = monitor
    let text = identity.utf8.prefix(BlockSpec.identitySize)
    self.identity = Array(text) + Array(repeating: 0, count: BlockSpec.identitySize - text.count)
    limits = BlockRequest.Limits(
      capacity: geometry.capacity, isReadOnly: geometry.isReadOnly, canDiscard: geometry.canDiscard,
      mostData: UInt64(BlockDevice.segments) * UInt64(BlockDevice.segmentSize),
      mostDiscardSectors: Self.mostDiscardSectors, mostZeroedSectors: Self.mostZeroedSectors)
  }

  /// 2 GiB: a hole takes as long as its blocks are many.
  private static let mostDiscardSectors: UInt32 = 1 << 22
  /// 128 MiB: where the file system knows no better, zeroes are written one by one.
  private static let mostZeroedSectors: UInt32 = 1 << 18

  var isWriteback: Bool { writeback.load(ordering: .relaxed) }
  var isWriteThrough: Bool { writeThrough.load(ordering: .relaxed) }

  /// When a write is stable, by what was negotiated (section 5.2.6.2).
  func agree(on features: VirtioFeatures) {
    let canFlush = features.contains(.blockFlush)
    if features.contains(.blockConfigurableCache) {
      // A driver that cannot flush gets a cache that needs none.
      setWriteback(isWriteback && canFlush)
    } else {
      writeThrough.store(!canFlush, ordering: .relaxed)
    }
  }

  func setWriteback(_ isOn: Bool) {
    restore(isWriteback: isOn, isWriteThrough: !isOn)
  }

  /// Forgets what a driver set.
  func forget() {
    setWriteback(true)
  }

  func restore(isWriteback: Bool, isWriteThrough: Bool) {
    writeback.store(isWriteback, ordering: .relaxed)
    writeThrough.store(isWriteThrough, ordering: .relaxed)
  }
}
