internal import Synchronization
public import SystemPackage

/// A disk (virtio 1.2 section 5.2). Each queue has a worker of its own, on a thread that may be its own.
public final class BlockDevice: VirtioDevice {
  public let type = VirtioDeviceType.block
  public let features: VirtioFeatures
  public let queueSizes: [UInt16]
  public let configurationSize = BlockConfiguration.size

  private let lanes: [BlockLane]
  private let settings: BlockSettings
  private let configuration: BlockConfiguration
  /// What the driver agreed on, while it is ready.
  private let activation = Mutex<Activation?>(nil)

  private struct Activation: Sendable {
    let features: VirtioFeatures
    let host: any DeviceHost
  }

  /// Chains of one queue, and buffers of one chain.
  static let queueSize: UInt16 = 256
  /// Buffers of data in one request: header and status take two.
  static let segments = UInt32(queueSize) - 2
  /// Bytes of one buffer; bounds what one request keeps the disk busy with.
  static let segmentSize: UInt32 = 1 << 20

  /// - Parameters:
  ///   - identity: what the guest sees as serial number; ASCII, 20 bytes at most are kept.
  ///   - threads: one for each queue, at least one; the same may come several times.
  /// - Throws: where the host refuses what the queues need.
  public init(
    _ disk: any Disk, identity: String, threads: [IOThread], monitor: DiskMonitor
  ) throws(Errno) {
    precondition(!threads.isEmpty && threads.count <= 0xFFFF, "a disk needs a queue, and a thread for each")
    let geometry = disk.geometry
    settings = BlockSettings(geometry, identity: identity, monitor: monitor)
    lanes = threads.map { BlockLane(thread: $0) }
    queueSizes = threads.map { _ in Self.queueSize }
    configuration = BlockConfiguration(
      geometry, limits: settings.limits, segments: Self.segments, segmentSize: Self.segmentSize,
      queues: UInt16(threads.count))
    var features: VirtioFeatures = [
      .blockSizeMax, .blockSegMax, .blockSize, .blockFlush, .blockTopology, .blockConfigurableCache,
    ]
    if geometry.isReadOnly { features.insert(.blockReadOnly) } else { features.insert(.blockWriteZeroes) }
    if geometry.canDiscard { features.insert(.blockDiscard) }
    if threads.count > 1 { features.insert(.blockMultiQueue) }
    self.features = features
    for lane in lanes { try lane.open(disk) }
  }

  deinit {
    for lane in lanes { lane.close() }
  }

  public func readConfiguration(at offset: Int, width: Int) -> UInt64 {
    configuration.read(at: offset, width: width, writeback: settings.isWriteback)
  }

  /// `writeback` is the one field that can be written, and only as the byte that it is.
  public func writeConfiguration(_ value: UInt64, at offset: Int, width: Int) {
    guard offset == BlockConfiguration.writebackOffset, width == 1 else { return }
    // Without the feature the field does not exist.
    let isAgreed = activation.withLock { $0?.features.contains(.blockConfigurableCache) ?? true }
    if isAgreed { settings.setWriteback(value & 0xFF != 0) }
  }

  public func activate(
    _ features: VirtioFeatures, queues: [QueueAssignment], host: any DeviceHost
  ) {
    settings.agree(on: features)
    activation.withLock { $0 = Activation(features: features, host: host) }
    for queue in queues { start(queue) }
  }

  public func start(_ queue: QueueAssignment) {
    guard lanes.indices.contains(queue.index), let activation = activation.withLock({ $0 }) else { return }
    let lane = lanes[queue.index]
    lane.thread.post { [settings] loop in
      guard let place = lane.place.get(on: loop) else { return }
      place.worker = BlockWorker(
        queue, features: activation.features, host: activation.host,
        disk: BlockTarget(settings: settings, channel: place.channel), on: loop)
    }
  }

  public func stop(queue index: Int, done: @escaping @Sendable () -> Void) {
    Self.stop(lanes[index], done)
  }

  public func reset(done: @escaping @Sendable () -> Void) {
    activation.withLock { $0 = nil }
    settings.forget()
    let countdown = Countdown(lanes.count, done: done)
    for lane in lanes { Self.stop(lane) { countdown.countDown() } }
  }

  private static func stop(_ lane: BlockLane, _ done: @escaping @Sendable () -> Void) {
    lane.thread.post { loop in
      guard let place = lane.place.get(on: loop), let worker = place.worker else { return done() }
      worker.stop {
        place.worker = nil
        done()
      }
    }
  }
}

extension BlockDevice: StatefulDevice {
  /// What a driver set that is no queue's.
  public struct State: Codable, Hashable, Sendable {
    /// Bytes; a disk of another size is another disk.
    var capacity: UInt64
    var isWriteback: Bool
    var isWriteThrough: Bool
  }

  public var state: State {
    State(
      capacity: settings.limits.capacity, isWriteback: settings.isWriteback,
      isWriteThrough: settings.isWriteThrough)
  }

  public func restore(_ state: State) throws(InvalidState) {
    try InvalidState.unless(state.capacity == settings.limits.capacity, "block device", "capacity")
    settings.restore(isWriteback: state.isWriteback, isWriteThrough: state.isWriteThrough)
  }
}
