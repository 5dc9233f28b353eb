/// Serves a transmit queue in this process: waits for frames of the driver.
final class NetTransmitter {
  private var queue: TransmitQueue
  private let assignment: QueueAssignment
  private let tap: TapQueue
  private let host: any DeviceHost
  private let loop: EventLoop
  private var doorbell: EventLoop.Watch?

  /// Nil where the queue cannot run; the host was told then.
  init?(
    _ assignment: QueueAssignment, _ features: VirtioFeatures, tap: TapQueue, host: any DeviceHost,
    on loop: EventLoop
  ) {
    do throws(QueueFault) {
      queue = try TransmitQueue(assignment.configuration, features, memory: host.memory)
    } catch {
      host.fail(error)
      return nil
    }
    self.assignment = assignment
    self.tap = tap
    self.host = host
    self.loop = loop
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    doorbell = try? loop.watch(assignment.doorbell.event.number) { [unowned self] in serve() }
    // The driver may have filled the queue before it was served.
    serve()
  }

  /// No buffer is touched any more.
  func stop() {
    if let doorbell { loop.cancel(doorbell) }
    doorbell = nil
  }

  private func serve() {
    let (start, before) = (assignment.trace.now, queue.nextUsed)
    defer { assignment.trace.served(UInt64(queue.nextUsed &- before), since: start) }
    assignment.doorbell.event.take()
    do throws(QueueFault) {
      let hasMore = try queue.move(
        to: tap.descriptor.number, signal: { [assignment] in assignment.interrupt.signal() })
      // The loop has other queues to serve first.
      if hasMore { assignment.doorbell.event.signal() }
    } catch {
      stop()
      host.fail(error)
    }
  }
}
