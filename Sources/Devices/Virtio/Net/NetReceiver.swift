/// Serves a receive queue in this process: waits for frames of the host, or for buffers of the driver.
final class NetReceiver {
  private var queue: ReceiveQueue
  private let assignment: QueueAssignment
  private let port: any FramePort
  private let host: any DeviceHost
  private let loop: EventLoop
  private var doorbell: EventLoop.Watch?
  private var frames: EventLoop.Watch?
  private var isStarved = false
  /// Frames wait that the port may have taken in already, and so no descriptor tells of.
  private var hasMore = false

  /// Nil where the queue cannot run; the host was told then.
  init?(
    _ assignment: QueueAssignment, _ settings: NetSettings, mtu: Int, port: any FramePort,
    host: any DeviceHost,
    on loop: EventLoop
  ) {
    do throws(QueueFault) {
      queue = try ReceiveQueue(assignment.configuration, settings, mtu: mtu, memory: host.memory)
    } catch {
      host.fail(error)
      return nil
    }
    self.assignment = assignment
    self.port = port
    self.host = host
    self.loop = loop
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    doorbell = try? loop.watch(assignment.doorbell.event.number) { [unowned self] in refilled() }
    frames = try? loop.watch(port.readable) { [unowned self] in serve() }
    serve()
  }

  func apply(_ settings: NetSettings) {
    queue.apply(settings)
  }

  /// No buffer is touched any more.
  func stop() {
    if let doorbell { loop.cancel(doorbell) }
    if let frames { loop.cancel(frames) }
    doorbell = nil
    frames = nil
  }

  private func refilled() {
    assignment.doorbell.event.take()
    if isStarved || hasMore { serve() }
  }

  private func serve() {
    let (start, before) = (assignment.trace.now, queue.nextUsed)
    defer { assignment.trace.served(UInt64(queue.nextUsed &- before), since: start) }
    hasMore = false
    do throws(QueueFault) {
      switch try queue.move(from: port, signal: { [assignment] in assignment.interrupt.signal() }) {
      case .drained: setStarved(false)
      case .busy:
        setStarved(false)
        hasMore = true
        // The loop has other queues to serve first.
        assignment.doorbell.event.signal()
      case .starved:
        setStarved(true)
        port.checkPeer()
      case .lost:
        // Nothing will ever come again, and the descriptor would report just that for ever.
        if let frames { loop.cancel(frames) }
        frames = nil
      }
    } catch {
      stop()
      host.fail(error)
    }
  }

  /// Watches the port while there is somewhere to put its frames.
  private func setStarved(_ new: Bool) {
    guard new != isStarved, let frames else { return }
    isStarved = new
    // Fails for no descriptor that is watched.
    try? loop.change(frames, to: new ? .hangUp : .read)
  }
}
