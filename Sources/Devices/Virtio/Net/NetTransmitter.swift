/// Serves a transmit queue in this process: waits for frames of the driver.
final class NetTransmitter {
  private var queue: TransmitQueue
  private let assignment: QueueAssignment
  private let interrupt: HeldInterrupt
  private let port: any FramePort
  private let host: any DeviceHost
  private let loop: EventLoop
  private var doorbell: EventLoop.Watch?
  private var space: EventLoop.Watch?
  private var isBlocked = false

  /// Nil where the queue cannot run; the host was told of what the driver did wrong.
  init?(
    _ assignment: QueueAssignment, _ features: VirtioFeatures, port: any FramePort, host: any DeviceHost,
    on loop: EventLoop
  ) {
    do throws(QueueFault) {
      queue = try TransmitQueue(assignment.configuration, features, memory: host.memory)
    } catch {
      host.fail(error)
      return nil
    }
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    guard let interrupt = try? HeldInterrupt(assignment.interrupt, on: loop) else { return nil }
    self.interrupt = interrupt
    self.assignment = assignment
    self.port = port
    self.host = host
    self.loop = loop
    doorbell = try? loop.watch(assignment.doorbell.event.number) { [unowned self] in serve() }
    if let writable = port.writable {
      space = try? loop.watch(writable, for: .hangUp) { [unowned self] in if isBlocked { serve() } }
    }
    // The driver may have filled the queue before it was served.
    serve()
  }

  /// No buffer is touched any more.
  func stop() {
    if let doorbell { loop.cancel(doorbell) }
    if let space { loop.cancel(space) }
    doorbell = nil
    space = nil
    interrupt.stop()
  }

  private func serve() {
    let (start, before) = (assignment.trace.now, queue.nextUsed)
    defer { assignment.trace.served(UInt64(queue.nextUsed &- before), since: start) }
    assignment.doorbell.event.take()
    do throws(QueueFault) {
      switch try queue.move(to: port, signal: { [interrupt] in $0 ? interrupt.signal() : interrupt.hold() }) {
      case .drained: setBlocked(false)
      case .busy:
        setBlocked(false)
        // The loop has other queues to serve first.
        assignment.doorbell.event.signal()
      case .blocked: setBlocked(true)
      }
    } catch {
      stop()
      host.fail(error)
    }
  }

  /// Waits for the host to take more, where it does not now.
  private func setBlocked(_ new: Bool) {
    guard new != isBlocked, let space else { return }
    isBlocked = new
    // Fails for no descriptor that is watched.
    try? loop.change(space, to: new ? .write : .hangUp)
  }
}
