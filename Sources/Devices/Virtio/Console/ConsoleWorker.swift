internal import Synchronization

/// Moves a console's bytes between its queues and its wires, on its event loop.
final class ConsoleWorker {
  private enum Index {
    static let receive = 0
    static let transmit = 1
  }

  private let features: VirtioFeatures
  private let wires: ConsoleWires
  private let host: any DeviceHost
  private let loop: EventLoop
  private var receiver: ConsoleReceiver?
  private var transmitter: ConsoleTransmitter?

  init(_ features: VirtioFeatures, wires: ConsoleWires, host: any DeviceHost, on loop: EventLoop) {
    self.features = features
    self.wires = wires
    self.host = host
    self.loop = loop
  }

  func start(_ assignment: QueueAssignment) {
    do throws(QueueFault) {
      let queue = try VirtQueue(assignment.configuration, features: features, memory: host.memory)
      // A fault ends the whole device's work (section 2.1.2), not the one queue's.
      let onFault = { [unowned self] (fault: QueueFault) in
        stop()
        host.fail(fault)
      }
      switch assignment.index {
      case Index.receive:
        receiver = ConsoleReceiver(queue, assignment, wires, onFault: onFault)
        receiver?.start(on: loop)
      case Index.transmit:
        transmitter = ConsoleTransmitter(queue, assignment, wires, onFault: onFault)
        transmitter?.start(on: loop)
      default: break
      }
    } catch {
      stop()
      host.fail(error)
    }
  }

  func stop(queue index: Int) {
    switch index {
    case Index.receive:
      receiver?.stop(on: loop)
      receiver = nil
    case Index.transmit:
      transmitter?.stop(on: loop)
      transmitter = nil
    default: break
    }
  }

  func stop() {
    stop(queue: Index.receive)
    stop(queue: Index.transmit)
  }
}

/// Fills the driver's buffers with input as it comes.
private final class ConsoleReceiver {
  private var queue: VirtQueue
  private var segments: SegmentList
  private let assignment: QueueAssignment
  private let wires: ConsoleWires
  private let onFault: (QueueFault) -> Void
  private var watches: [EventLoop.Watch] = []

  init(
    _ queue: consuming VirtQueue, _ assignment: QueueAssignment, _ wires: ConsoleWires,
    onFault: @escaping (QueueFault) -> Void
  ) {
    segments = SegmentList(capacity: Int(queue.size))
    self.queue = queue
    self.assignment = assignment
    self.wires = wires
    self.onFault = onFault
  }

  func start(on loop: EventLoop) {
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    for event in [assignment.doorbell, wires.inputReady] {
      let watch = try? loop.watch(event.event.number) { [unowned self] in serve() }
      if let watch { watches.append(watch) }
    }
    // The first serving comes from the loop: a fault may then end whoever starts this.
    wires.inputReady.event.signal()
  }

  func stop(on loop: EventLoop) {
    for watch in watches { loop.cancel(watch) }
    watches = []
  }

  private func serve() {
    assignment.doorbell.event.take()
    wires.inputReady.event.take()
    do throws(QueueFault) {
      try fill()
    } catch {
      publish()
      return onFault(error)
    }
    publish()
    // Whoever was turned away comes again.
    if !wires.input.isFull, wires.isCallerWaiting.exchange(false, ordering: .sequentiallyConsistent) {
      wires.receiveRoom.event.signal()
    }
  }

  private func fill() throws(QueueFault) {
    queue.disableNotifications()
    // A queueful at a time: the loop has other queues to serve.
    for _ in 0..<queue.size {
      if wires.input.isEmpty { return }
      guard let head = try queue.pop(into: &segments) else {
        if !queue.enableNotifications() { return }
        continue
      }
      var written = 0
      // At most twice: the ring offers what lies before its end, then what lies behind its start.
      for _ in 0..<2 {
        unsafe wires.input.consume { bytes in
          let count = unsafe segments.copyIn(bytes, at: UInt64(written))
          written &+= count
          return count
        }
      }
      queue.push(head, written: UInt32(written))
    }
    wires.inputReady.event.signal()
  }

  private func publish() {
    if queue.publish() { assignment.interrupt.signal() }
  }
}

/// Hands the driver's output to the sink, as fast as that takes it.
private final class ConsoleTransmitter {
  private var queue: VirtQueue
  private var segments: SegmentList
  /// The chain that the sink did not take whole, and how many of its bytes it took.
  private var unfinished: (head: UInt16, taken: UInt64)?
  private let assignment: QueueAssignment
  private let wires: ConsoleWires
  private let onFault: (QueueFault) -> Void
  private var watches: [EventLoop.Watch] = []

  init(
    _ queue: consuming VirtQueue, _ assignment: QueueAssignment, _ wires: ConsoleWires,
    onFault: @escaping (QueueFault) -> Void
  ) {
    segments = SegmentList(capacity: Int(queue.size))
    self.queue = queue
    self.assignment = assignment
    self.wires = wires
    self.onFault = onFault
  }

  func start(on loop: EventLoop) {
    // As for the receiver.
    for event in [assignment.doorbell, wires.outputRoom] {
      let watch = try? loop.watch(event.event.number) { [unowned self] in serve() }
      if let watch { watches.append(watch) }
    }
    wires.outputRoom.event.signal()
  }

  func stop(on loop: EventLoop) {
    for watch in watches { loop.cancel(watch) }
    watches = []
  }

  private func serve() {
    assignment.doorbell.event.take()
    wires.outputRoom.event.take()
    do throws(QueueFault) {
      try drain()
    } catch {
      publish()
      return onFault(error)
    }
    publish()
  }

  private func drain() throws(QueueFault) {
    queue.disableNotifications()
    for _ in 0..<queue.size {
      let next = if let unfinished { unfinished.head } else { try queue.pop(into: &segments) }
      guard let head = next else {
        if !queue.enableNotifications() { return }
        continue
      }
      guard transmit(head) else { return }
      queue.push(head, written: 0)
    }
    wires.outputRoom.event.signal()
  }

  /// Whether all of the chain is with the sink. Where not, the sink says when to go on.
  private func transmit(_ head: UInt16) -> Bool {
    let taken = unfinished?.taken ?? 0
    let count = unsafe segments.forEachReadable(from: taken) { bytes in
      unsafe wires.sink.accept(bytes)
    }
    let isDone = taken &+ count >= segments.readableBytes
    unfinished = isDone ? nil : (head, taken &+ count)
    return isDone
  }

  private func publish() {
    if queue.publish() { assignment.interrupt.signal() }
  }
}
