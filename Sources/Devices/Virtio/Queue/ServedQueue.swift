/// A queue whose chains are answered as they come, on an event loop: for devices whose answers take no
/// time.
final class ServedQueue {
  private var queue: VirtQueue
  private var segments: SegmentList
  private let assignment: QueueAssignment
  private let host: any DeviceHost
  private let loop: EventLoop
  private let answer: (inout SegmentList) -> UInt32
  private var watch: EventLoop.Watch?

  /// Nil where the queue cannot run; the host was told then.
  ///
  /// - Parameter answer: answers a chain; how many bytes it wrote into the writable buffers.
  init?(
    _ assignment: QueueAssignment, features: VirtioFeatures, host: any DeviceHost, on loop: EventLoop,
    answer: @escaping (inout SegmentList) -> UInt32
  ) {
    do throws(QueueFault) {
      queue = try VirtQueue(assignment.configuration, features: features, memory: host.memory)
    } catch {
      host.fail(error)
      return nil
    }
    segments = SegmentList(capacity: Int(assignment.configuration.size))
    self.assignment = assignment
    self.host = host
    self.loop = loop
    self.answer = answer
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    watch = try? loop.watch(assignment.doorbell.event.number) { [unowned self] in serve() }
    // The driver may have filled the queue before it was ready.
    serve()
  }

  /// No buffer is touched any more.
  func stop() {
    if let watch { loop.cancel(watch) }
    watch = nil
  }

  private func serve() {
    let (start, before) = (assignment.trace.now, queue.nextUsed)
    defer { assignment.trace.served(UInt64(queue.nextUsed &- before), since: start) }
    assignment.doorbell.event.take()
    queue.disableNotifications()
    do throws(QueueFault) {
      // A queueful at a time: the loop has other queues to serve.
      var budget = Int(queue.size)
      while budget > 0, let head = try queue.pop(into: &segments) {
        queue.push(head, written: answer(&segments))
        budget -= 1
      }
    } catch {
      if queue.publish() { assignment.interrupt.signal() }
      stop()
      return host.fail(error)
    }
    if queue.publish() { assignment.interrupt.signal() }
    if queue.enableNotifications() { assignment.doorbell.event.signal() }
  }
}
