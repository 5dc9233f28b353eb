internal import Synchronization

/// Fills the driver's buffers with input as it comes.
final class ConsoleReceiver {
  private let side: ConsoleQueue
  private let wires: ConsoleWires

  init(_ side: ConsoleQueue, _ wires: ConsoleWires, on loop: EventLoop) {
    self.side = side
    self.wires = wires
    side.start(on: loop, with: wires.inputReady) { [unowned self] () throws(QueueFault) in
      try fill()
      admitCaller()
    }
  }

  func stop(on loop: EventLoop) {
    side.stop(on: loop)
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

  /// Whoever was turned away comes again.
  private func admitCaller() {
    if !wires.input.isFull, wires.isCallerWaiting.exchange(false, ordering: .sequentiallyConsistent) {
      wires.receiveRoom.event.signal()
    }
  }
}
