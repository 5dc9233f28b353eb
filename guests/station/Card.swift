import Bare
import Virtio

/// The network card: one queue for frames that come, one for those that go (virtio 1.2, section 5.1).
struct Card: ~Copyable {
  static let vector: UInt8 = 0x40
  private static let size = 16

  /// The card's own address.
  let address: [UInt8]
  private var receiveQueue: VirtQueue
  private var transmitQueue: VirtQueue
  // Descriptor n of a queue is frame n of its own.
  private let received = (0..<size).map { _ in Frame() }
  private let sent = (0..<size).map { _ in Frame() }
  private var free = (0..<size).map { UInt16($0) }

  init() {
    guard let card = VirtioFunction(type: 1) else { Guest.panic("no network card: -n nat") }
    card.reset()
    card.add(status: VirtioFunction.Status.acknowledge)
    card.add(status: VirtioFunction.Status.driver)
    // Nothing but its address: checksums are whole in both directions.
    let wanted = VirtioFunction.version1 | 1 << 5
    guard card.features & wanted == wanted, card.accept(features: wanted) else {
      Guest.panic("not our kind of card")
    }
    address = (0..<6).map { card.configuration.read8($0) }
    receiveQueue = card.makeQueue(0, size: UInt16(Self.size), vector: Self.vector)
    transmitQueue = card.makeQueue(1, size: UInt16(Self.size))
    card.add(status: VirtioFunction.Status.driverOK)
    for (index, frame) in received.enumerated() {
      let length = Frame.headerSize + Frame.longest
      receiveQueue.describe([.toWrite(frame.memory, UInt32(length))], at: UInt16(index))
      receiveQueue.offer(UInt16(index))
    }
    receiveQueue.ring()
  }

  /// The next frame that came and its length, to be given back with `release`.
  mutating func take() -> (index: UInt16, frame: Frame, length: Int)? {
    guard let used = receiveQueue.take() else { return nil }
    return (used.head, received[Int(used.head)], Int(used.written) - Frame.headerSize)
  }

  mutating func release(_ index: UInt16) {
    receiveQueue.offer(index)
    receiveQueue.ring()
  }

  /// Sends the frame of `length` bytes that `fill` writes.
  mutating func send(_ length: Int, _ fill: (Frame) -> Void) {
    while let used = transmitQueue.take() { free.append(used.head) }
    // A network that takes nothing loses it.
    guard let index = free.popLast() else { return }
    let frame = sent[Int(index)]
    fill(frame)
    transmitQueue.describe([.toRead(frame.memory, UInt32(Frame.headerSize + length))], at: index)
    transmitQueue.offer(index)
    transmitQueue.ring()
  }

  var hasMore: Bool { receiveQueue.hasMore }
}
