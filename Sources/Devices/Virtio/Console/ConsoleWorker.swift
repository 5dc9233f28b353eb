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
        receiver = ConsoleReceiver(ConsoleQueue(queue, assignment), wires, onFault: onFault)
        receiver?.start(on: loop)
      case Index.transmit:
        transmitter = ConsoleTransmitter(ConsoleQueue(queue, assignment), wires, onFault: onFault)
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

/// One of a console's queues, and what wakes those who serve it.
private final class ConsoleQueue {
  var queue: VirtQueue
  var segments: SegmentList
  private let assignment: QueueAssignment
  private var watches: [EventLoop.Watch] = []

  init(_ queue: consuming VirtQueue, _ assignment: QueueAssignment) {
    segments = SegmentList(capacity: Int(queue.size))
    self.queue = queue
    self.assignment = assignment
  }

  /// Calls `serve` whenever the driver rings or `event` is signalled.
  func start(on loop: EventLoop, with event: SharedEvent, serve: @escaping () -> Void) {
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    for event in [assignment.doorbell, event] {
      // Nothing of this object's: a fault may end it while it serves.
      let watch = try? loop.watch(event.event.number) { [trace = assignment.trace] in
        let start = trace.now
        event.event.take()
        serve()
        trace.served(since: start)
      }
      if let watch { watches.append(watch) }
    }
    // The first serving comes from the loop: a fault may then end whoever starts this.
    event.event.signal()
  }

  func stop(on loop: EventLoop) {
    for watch in watches { loop.cancel(watch) }
    watches = []
  }

  func publish() {
    if queue.publish() { assignment.interrupt.signal() }
  }
}

/// Fills the driver's buffers with input as it comes.
private final class ConsoleReceiver {
  private let side: ConsoleQueue
  private let wires: ConsoleWires
  private let onFault: (QueueFault) -> Void

  init(_ side: ConsoleQueue, _ wires: ConsoleWires, onFault: @escaping (QueueFault) -> Void) {
    self.side = side
    self.wires = wires
    self.onFault = onFault
  }

  func start(on loop: EventLoop) {
    side.start(on: loop, with: wires.inputReady) { [unowned self] in serve() }
  }

  func stop(on loop: EventLoop) {
    side.stop(on: loop)
  }

  private func serve() {
    do throws(QueueFault) {
      try fill()
    } catch {
      side.publish()
      return onFault(error)
    }
    side.publish()
    // Whoever was turned away comes again.
    if !wires.input.isFull, wires.isCallerWaiting.exchange(false, ordering: .sequentiallyConsistent) {
      wires.receiveRoom.event.signal()
    }
  }

  private func fill() throws(QueueFault) {
    side.queue.disableNotifications()
    // A queueful at a time: the loop has other queues to serve.
    for _ in 0..<side.queue.size {
      if wires.input.isEmpty { return }
      guard let head = try side.queue.pop(into: &side.segments) else {
        if !side.queue.enableNotifications() { return }
        continue
      }
      var written = 0
      // At most twice: the ring offers what lies before its end, then what lies behind its start.
      for _ in 0..<2 {
        unsafe wires.input.consume { bytes in
          let count = unsafe side.segments.copyIn(bytes, at: UInt64(written))
          written &+= count
          return count
        }
      }
      side.queue.push(head, written: UInt32(written))
    }
    wires.inputReady.event.signal()
  }
}

/// Hands the driver's output to the sink, as fast as that takes it.
private final class ConsoleTransmitter {
  private let side: ConsoleQueue
  /// The chain that the sink did not take whole, and how many of its bytes it took.
  private var unfinished: (head: UInt16, taken: UInt64)?
  private let wires: ConsoleWires
  private let onFault: (QueueFault) -> Void

  init(_ side: ConsoleQueue, _ wires: ConsoleWires, onFault: @escaping (QueueFault) -> Void) {
    self.side = side
    self.wires = wires
    self.onFault = onFault
  }

  func start(on loop: EventLoop) {
    side.start(on: loop, with: wires.outputRoom) { [unowned self] in serve() }
  }

  func stop(on loop: EventLoop) {
    side.stop(on: loop)
  }

  private func serve() {
    do throws(QueueFault) {
      try drain()
    } catch {
      side.publish()
      return onFault(error)
    }
    side.publish()
  }

  private func drain() throws(QueueFault) {
    side.queue.disableNotifications()
    for _ in 0..<side.queue.size {
      let next =
        if let unfinished { unfinished.head } else { try side.queue.pop(into: &side.segments) }
      guard let head = next else {
        if !side.queue.enableNotifications() { return }
        continue
      }
      guard transmit(head) else { return }
      side.queue.push(head, written: 0)
    }
    wires.outputRoom.event.signal()
  }

  /// Whether all of the chain is with the sink. Where not, the sink says when to go on.
  private func transmit(_ head: UInt16) -> Bool {
    let taken = unfinished?.taken ?? 0
    let count = unsafe side.segments.forEachReadable(from: taken) { bytes in
      unsafe wires.sink.accept(bytes)
    }
    let isDone = taken &+ count >= side.segments.readableBytes
    unfinished = isDone ? nil : (head, taken &+ count)
    return isDone
  }
}
