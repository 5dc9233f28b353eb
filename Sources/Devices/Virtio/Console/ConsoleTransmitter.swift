/// Hands the driver's output to the sink, as fast as that takes it.
final class ConsoleTransmitter {
  private let side: ConsoleQueue
  /// The chain that the sink did not take whole, and how many of its bytes it took.
  private var unfinished: (head: UInt16, taken: UInt64)?
  private let wires: ConsoleWires

  init(_ side: ConsoleQueue, _ wires: ConsoleWires, on loop: EventLoop) {
    self.side = side
    self.wires = wires
    side.start(on: loop, with: wires.outputRoom) { [unowned self] () throws(QueueFault) in try drain() }
  }

  func stop(on loop: EventLoop) {
    side.stop(on: loop)
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
