// A network card that answers ping: who asks by ARP for 10.0.0.2 hears our address, and ICMP echoes go back (virtio 1.2,
// section 5.1; RFC 826, RFC 792).
import Bare
import Processor
import Virtio

typealias Status = VirtioFunction.Status

/// Numbers on the wire have their high byte first.
struct Packet {
  /// Each buffer has 12 bytes for the two sides of the queue, the rest is the frame.
  static let headerSize = 12
  let memory: Memory

  subscript(_ offset: Int) -> UInt8 {
    get { memory.read8(Self.headerSize + offset) }
    nonmutating set { memory.write8(newValue, Self.headerSize + offset) }
  }

  func half(_ offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }

  func setHalf(_ value: UInt16, _ offset: Int) {
    self[offset] = UInt8(value >> 8)
    self[offset + 1] = UInt8(truncatingIfNeeded: value)
  }

  func set(_ bytes: [UInt8], _ offset: Int) {
    for index in bytes.indices { self[offset + index] = bytes[index] }
  }

  func holds(_ bytes: [UInt8], at offset: Int) -> Bool {
    bytes.indices.allSatisfy { self[offset + $0] == bytes[$0] }
  }

  func copy(_ count: Int, from source: Int, to target: Int) {
    for index in 0..<count { self[target + index] = self[source + index] }
  }
}

/// What we are called.
struct Address {
  let ethernet: [UInt8]
  let internet: [UInt8]
}

/// Turns a packet into its answer, in place.
/// - Returns: the answer's length, or nil where none is due.
func answer(_ packet: Packet, length: Int, _ own: Address) -> Int? {
  guard length >= 42 else { return nil }
  switch packet.half(12) {
  case 0x0806:  // ARP
    // Ethernet and IPv4, a question, about us.
    guard packet.holds([0, 1, 8, 0, 6, 4, 0, 1], at: 14), packet.holds(own.internet, at: 38) else {
      return nil
    }
    packet.copy(10, from: 22, to: 32)
    packet.setHalf(2, 20)
    packet.set(own.ethernet, 22)
    packet.set(own.internet, 28)
  case 0x0800:  // IPv4
    // A header without options, not a fragment, ICMP, to us, an echo request.
    guard packet[14] == 0x45, packet.half(20) & 0x3FFF == 0, packet[23] == 1,
      packet.holds(own.internet, at: 30), packet.half(34) == 0x0800
    else { return nil }
    packet.copy(4, from: 26, to: 30)
    packet.set(own.internet, 26)
    // Type 8 becomes type 0, so the checksum, a sum in ones' complement, grows by what the type's half lost.
    let sum = UInt32(packet.half(36)) + 0x0800
    packet.setHalf(0, 34)
    packet.setHalf(UInt16(truncatingIfNeeded: sum + sum >> 16), 36)
  default:
    return nil
  }
  packet.copy(6, from: 6, to: 0)
  packet.set(own.ethernet, 6)
  return length
}

@_cdecl("interrupt_handler")
func handle(_ frame: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call.
  let vector = unsafe frame.pointee.vector
  guard vector == UInt64(Lesson.vector) else { Guest.panic("an interrupt that nobody asked for") }
  MessageInterrupts.end()
}

@main enum Lesson {
  static let vector: UInt8 = 0x40

  static func main() {
    guard let card = VirtioFunction(type: 1) else { Guest.panic("no network card: -n tap=NAME") }
    card.reset()
    card.add(status: Status.acknowledge)
    card.add(status: Status.driver)
    let macFeature: UInt64 = 1 << 5
    let wanted = VirtioFunction.version1 | macFeature
    guard card.features & wanted == wanted, card.accept(features: wanted) else {
      Guest.panic("not our kind of card")
    }

    let own = Address(ethernet: (0..<6).map { card.configuration.read8($0) }, internet: [10, 0, 0, 2])
    var receiveQueue = card.makeQueue(0, size: 16, vector: vector)
    var transmitQueue = card.makeQueue(1, size: 16, vector: vector)
    card.add(status: Status.driverOK)

    // A page for each packet that may come. Descriptor n of either queue is packet n.
    let packets = (0..<16).map { _ in Packet(memory: Page.allocate()) }
    for (index, packet) in packets.enumerated() {
      receiveQueue.describe([.toWrite(packet.memory, 2048)], at: UInt16(index))
      receiveQueue.offer(UInt16(index))
    }
    receiveQueue.ring()
    let ethernet = own.ethernet.map { Hex($0).description }.joined(separator: ":")
    print("10.0.0.2 is at \(ethernet)")

    var answers = 0
    while true {
      // What was sent may receive again.
      var hasReturned = false
      while let sent = transmitQueue.take() {
        receiveQueue.offer(sent.head)
        hasReturned = true
      }
      while let received = receiveQueue.take() {
        let packet = packets[Int(received.head)]
        if let length = answer(packet, length: Int(received.written) - Packet.headerSize, own) {
          for offset in 0..<Packet.headerSize { packet.memory.write8(0, offset) }
          transmitQueue.describe(
            [.toRead(packet.memory, UInt32(Packet.headerSize + length))], at: received.head)
          transmitQueue.offer(received.head)
          transmitQueue.ring()
          answers += 1
          print("answer \(answers): \(length) bytes")
        } else {
          receiveQueue.offer(received.head)
          hasReturned = true
        }
      }
      if hasReturned { receiveQueue.ring() }
      if !receiveQueue.hasMore && !transmitQueue.hasMore { processor_sleep() }
    }
  }
}
