internal import Synchronization
public import SystemPackage

/// A console of one port, hvc0 to Linux (virtio 1.2 section 5.3): queue 0 takes input to the driver,
/// queue 1 its output. Neither its size nor further ports are offered, so it has no configuration.
public final class ConsoleDevice: VirtioDevice, ConsolePort {
  public let type = VirtioDeviceType.console
  public let features: VirtioFeatures = []
  public let queueSizes: [UInt16] = [64, 64]
  public let configurationSize = 0

  /// Signalled when there is room again after `receive` took less than it was offered.
  public var receiveRoom: SharedEvent { wires.receiveRoom }

  private let thread: IOThread
  private let wires: ConsoleWires
  private let worker = LoopBound<ConsoleWorker>()

  /// - Parameters:
  ///   - thread: where its buffers are moved; may be other devices' too.
  ///   - sink: takes output, from that thread alone.
  public init(thread: IOThread, sink: any ConsoleSink) throws(Errno) {
    self.thread = thread
    wires = try ConsoleWires(sink: sink)
  }

  // MARK: The host's side

  public func receive(_ bytes: borrowing Span<UInt8>) -> Int {
    let count = wires.input.put(bytes)
    if count < bytes.count { wires.isCallerWaiting.store(true, ordering: .sequentiallyConsistent) }
    // The worker looks at the flag too: it may have emptied the ring just before the flag rose.
    wires.inputReady.event.signal()
    return count
  }

  public func transmitterReady() {
    wires.outputRoom.event.signal()
  }

  // MARK: The transport's side

  public func readConfiguration(at offset: Int, width: Int) -> UInt64 { UInt64.max }

  public func writeConfiguration(_ value: UInt64, at offset: Int, width: Int) {}

  public func activate(
    _ features: VirtioFeatures, queues: [QueueAssignment], host: any DeviceHost
  ) {
    thread.post { [worker, wires] loop in
      let new = ConsoleWorker(features, wires: wires, host: host, on: loop)
      worker.set(new, on: loop)
      for queue in queues { new.start(queue) }
    }
  }

  public func start(_ queue: QueueAssignment) {
    thread.post { [worker] loop in worker.get(on: loop)?.start(queue) }
  }

  public func stop(queue index: Int, done: @escaping @Sendable () -> Void) {
    thread.post { [worker] loop in
      worker.get(on: loop)?.stop(queue: index)
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
