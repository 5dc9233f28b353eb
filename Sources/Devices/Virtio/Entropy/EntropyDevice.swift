/// A source of random numbers: the host's (virtio 1.2 section 5.4). It has one queue, whose buffers it
/// fills, and no configuration.
public final class EntropyDevice: VirtioDevice {
  public let type = VirtioDeviceType.entropy
  public let features: VirtioFeatures = []
  public let queueSizes: [UInt16] = [64]
  public let configurationSize = 0

  private let thread: IOThread
  private let worker = LoopBound<EntropyWorker>()

  /// - Parameter thread: where its buffers are filled; may be other devices' too.
  public init(thread: IOThread) {
    self.thread = thread
  }

  public func readConfiguration(at offset: Int, width: Int) -> UInt64 { UInt64.max }

  public func writeConfiguration(_ value: UInt64, at offset: Int, width: Int) {}

  public func activate(
    _ features: VirtioFeatures, queues: [QueueAssignment], host: any DeviceHost
  ) {
    thread.post { [worker] loop in
      let new = EntropyWorker(features, host: host, on: loop)
      worker.set(new, on: loop)
      for queue in queues { new.start(queue) }
    }
  }

  public func start(_ queue: QueueAssignment) {
    thread.post { [worker] loop in worker.get(on: loop)?.start(queue) }
  }

  public func stop(queue index: Int, done: @escaping @Sendable () -> Void) {
    thread.post { [worker] loop in
      worker.get(on: loop)?.stop()
      done()
    }
  }

  public func reset(done: @escaping @Sendable () -> Void) {
    thread.post { [worker] loop in
      worker.get(on: loop)?.stop()
      worker.set(nil, on: loop)
      done()
    }
  }
}
