// A station of a network: takes an address by DHCP and tells it; answers ARP, ICMP echo, and datagrams to port 7
// with what they hold (RFC 862). A datagram of four bytes to port 9 is an address to ping, whose answer is told.
import Bare
import Processor
import Synchronization
import Virtio

@_cdecl("interrupt_handler")
func handle(_ frame: UnsafeMutablePointer<interrupt_frame>) {
  // The assembly's frame is on the stack below this call.
  let vector = unsafe frame.pointee.vector
  guard vector == UInt64(Card.vector) || vector == UInt64(Tick.vector) else {
    Guest.panic("an exception, or an interrupt that nobody asked for")
  }
  if vector == UInt64(Tick.vector) { Tick.isDue.store(true, ordering: .relaxed) }
  MessageInterrupts.end()
}

/// Interrupts about once a second, by the local APIC's timer; the lesson `timer` explains it.
enum Tick {
  static let vector: UInt8 = 0x41
  /// The handler may come between any two instructions: no plain variable.
  static let isDue = Atomic<Bool>(false)

  static func start() {
    let registers = Memory(at: 0xFEE0_0000)
    registers.write32(0b1011, 0x3E0)
    registers.write32(1 << 17 | UInt32(vector), 0x320)
    // KVM's counts nanoseconds.
    registers.write32(1_000_000_000, 0x380)
  }

  static func stop() {
    Memory(at: 0xFEE0_0000).write32(0, 0x380)
  }
}

struct Station: ~Copyable {
  private var card = Card()
  private var client = DHCPClient()
  private var own = Address.unknown
  /// Who was asked for an echo, and has not answered yet.
  private var awaited: Address?

  mutating func run() {
    Tick.start()
    send(client)
    while true {
      while let (index, frame, length) = card.take() {
        hear(frame, length)
        card.release(index)
      }
      // Interrupts are forbidden but in its sleep, which one that came meanwhile ends at once.
      if !card.hasMore { processor_sleep() }
      // No answer: what was said last was lost.
      if Tick.isDue.exchange(false, ordering: .relaxed) && own == .unknown { send(client) }
    }
  }

  private mutating func send(_ client: DHCPClient) {
    let address = card.address
    card.send(DHCPClient.length) { client.fill($0, address) }
  }

  private mutating func hear(_ frame: Frame, _ length: Int) {
    if length >= 42 && frame.half(12) == 0x0806 { return hear(neighbour: frame) }
    switch frame.transport(length: length) {
    case .icmp: hear(echo: frame)
    case .udp: hear(datagram: frame)
    case nil: break
    }
  }

  // MARK: ARP (RFC 826)

  private mutating func hear(neighbour frame: Frame) {
    guard own != .unknown, frame.word(14) == 0x0001_0800, frame.half(18) == 0x0604,
      frame.word(38) == own.value
    else { return }
    let (ethernet, address) = (bytes(frame, 22), Address(value: frame.word(28)))
    switch frame.half(20) {
    case 1: sendNeighbour(2, to: ethernet, address)
    case 2 where address == awaited: sendEcho(to: ethernet, address)
    default: break
    }
  }

  /// - Parameter kind: 1 asks, 2 answers.
  private mutating func sendNeighbour(_ kind: UInt16, to ethernet: [UInt8], _ address: Address) {
    let (mine, own) = (card.address, own)
    card.send(42) { frame in
      frame.set(bytes: ethernet, 0)
      frame.set(bytes: mine, 6)
      frame.set(half: 0x0806, 12)
      frame.set(word: 0x0001_0800, 14)
      frame.set(half: 0x0604, 18)
      frame.set(half: kind, 20)
      frame.set(bytes: mine, 22)
      frame.set(word: own.value, 28)
      frame.set(bytes: ethernet, 32)
      frame.set(word: address.value, 38)
    }
  }

  // MARK: ICMP echo (RFC 792)

  private mutating func hear(echo frame: Frame) {
    guard own != .unknown, frame.target == own else { return }
    switch frame.half(34) {
    case 0x0800:
      answer(frame, .icmp) { answer in
        answer.set(half: 0, 34)
        answer.set(half: 0, 36)
        answer.set(half: answer.checksum(Frame.payload..<answer.end), 36)
      }
    case 0 where frame.source == awaited:
      awaited = nil
      print("\(frame.source) answers")
    default: break
    }
  }

  private mutating func sendEcho(to ethernet: [UInt8], _ address: Address) {
    let (mine, own) = (card.address, own)
    card.send(74) { frame in
      frame.address(.icmp, from: (mine, own), to: (ethernet, address), length: 74)
      frame.clear(Frame.payload..<74)
      frame.set(half: 0x0800, 34)
      // An echo of nothing but zeroes has two sums that are right, and not everybody takes both.
      frame.set(half: 1, 38)
      frame.set(half: frame.checksum(Frame.payload..<74), 36)
    }
  }

  // MARK: Datagrams

  private mutating func hear(datagram frame: Frame) {
    switch frame.half(36) {
    case 68:
      guard own == .unknown, client.hear(frame, card.address) else { return }
      if case .bound(let lease) = client.stage {
        Tick.stop()
        own = lease.address
        print("\(own) behind \(lease.router)")
      } else {
        send(client)
      }
    case 7 where frame.target == own:
      answer(frame, .udp) { answer in
        // The ports change places.
        answer.set(half: frame.half(36), 34)
        answer.set(half: frame.half(34), 36)
        answer.set(half: 0, 40)
        answer.set(half: answer.sumOfDatagram, 40)
      }
    case 9 where frame.target == own && frame.end == Frame.datagram + 4:
      let address = Address(value: frame.word(Frame.datagram))
      awaited = address
      sendNeighbour(1, to: [255, 255, 255, 255, 255, 255], address)
    default: break
    }
  }

  /// Sends a packet back to where it came from, changed.
  private mutating func answer(_ frame: Frame, _ transport: Transport, _ change: (Frame) -> Void) {
    let (mine, own) = (card.address, own)
    let (ethernet, length) = (bytes(frame, 6), frame.end)
    card.send(length) { answer in
      answer.copy(frame, length: length)
      answer.address(transport, from: (mine, own), to: (ethernet, frame.source), length: length)
      change(answer)
    }
  }

  private func bytes(_ frame: Frame, _ offset: Int) -> [UInt8] { (0..<6).map { frame[offset + $0] } }
}

@main enum Start {
  static func main() {
    var station = Station()
    station.run()
  }
}
