/// One of a console's queues, served as its two ends ask for it.
final class ConsoleQueue {
  var queue: VirtQueue
  var segments: SegmentList
  private let assignment: QueueAssignment
  private let onFault: (QueueFault) -> Void
  private var watches: [EventLoop.Watch] = []

  /// - Parameter onFault: may end this queue.
  init(_ queue: consuming VirtQueue, _ assignment: QueueAssignment, onFault: @escaping (QueueFault) -> Void) {
    segments = SegmentList(capacity: Int(queue.size))
    self.queue = queue
    self.assignment = assignment
    self.onFault = onFault
  }

  /// Has `move` serve the queue, first and whenever the driver rings or `event` is signalled.
  func start(
    on loop: EventLoop, with event: SharedEvent, move: @escaping () throws(QueueFault) -> Void
  ) {
    // A host that cannot watch one more descriptor leaves the queue unserved; the guest sees silence.
    for event in [assignment.doorbell, event] {
      let watch = try? loop.watch(event.event.number) { [unowned self, trace = assignment.trace] in
        let start = trace.now
        event.event.take()
        serve(move)
        trace.served(since: start)
      }
      if let watch { watches.append(watch) }
    }
    // The first serving comes from the loop: a fault may then end whoever starts this.
    event.event.signal()
  }

  /// No buffer is touched any more.
  func stop(on loop: EventLoop) {
    for watch in watches { loop.cancel(watch) }
    watches = []
  }

  private func serve(_ move: () throws(QueueFault) -> Void) {
    do throws(QueueFault) {
      try move()
    } catch {
      publish()
      return onFault(error)
    }
    publish()
  }

  private func publish() {
    if queue.publish() { assignment.interrupt.signal() }
  }
}
