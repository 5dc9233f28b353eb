/// Takes an address from a DHCP server (RFC 2131): discover, offer, request, acknowledgement.
struct DHCPClient {
  /// What the server said.
  struct Lease {
    let address: Address
    let server: Address
    let router: Address
  }

  enum Stage {
    case discovering
    case requesting(Lease)
    case bound(Lease)
  }

  static let length = message + 300
  private static let message = Frame.datagram
  private static let options = message + 240
  private static let everybody: [UInt8] = [255, 255, 255, 255, 255, 255]

  private(set) var stage = Stage.discovering

  /// What is said to the server now; nil where nothing is left to be said.
  func fill(_ frame: Frame, _ card: [UInt8]) {
    frame.clear(0..<Self.length)
    frame.set(half: 68, 34)
    frame.set(half: 67, 36)
    frame.set(half: UInt16(Self.length - Frame.payload), 38)
    // A request, Ethernet, addresses of 6 bytes; who asks.
    frame.set(bytes: [1, 1, 6, 0], Self.message)
    frame.set(bytes: Array(card[2...]), Self.message + 4)
    frame.set(bytes: card, Self.message + 28)
    // The cookie; the message's kind; the wish to hear of routers; the end.
    frame.set(bytes: [99, 130, 83, 99, 53, 1, 1, 55, 1, 3, 255], Self.message + 236)
    if case .requesting(let lease) = stage {
      frame[Self.options + 2] = 3
      frame.set(bytes: [50, 4], Self.options + 6)
      frame.set(word: lease.address.value, Self.options + 8)
      frame.set(bytes: [54, 4], Self.options + 12)
      frame.set(word: lease.server.value, Self.options + 14)
      frame[Self.options + 18] = 255
    }
    frame.address(
      .udp, from: (card, .unknown), to: (Self.everybody, .everybody), length: Self.length)
    frame.set(half: frame.sumOfDatagram, 40)
  }

  /// Hears what a server says.
  ///
  /// - Returns: whether it changes anything.
  mutating func hear(_ frame: Frame, _ card: [UInt8]) -> Bool {
    let end = frame.end
    guard end > Self.options, frame[Self.message] == 2,
      card.indices.allSatisfy({ frame[Self.message + 28 + $0] == card[$0] })
    else { return false }
    var (kind, server, router) = (UInt8(0), Address.unknown, Address.unknown)
    var offset = Self.options
    while offset + 1 < end, frame[offset] != 255 {
      // Padding is a byte alone.
      guard frame[offset] != 0 else {
        offset += 1
        continue
      }
      let count = Int(frame[offset + 1])
      guard offset + 2 + count <= end else { break }
      switch frame[offset] {
      case 53 where count == 1: kind = frame[offset + 2]
      case 54 where count == 4: server = Address(value: frame.word(offset + 2))
      case 3 where count >= 4: router = Address(value: frame.word(offset + 2))
      default: break
      }
      offset += 2 + count
    }
    let lease = Lease(address: Address(value: frame.word(Self.message + 16)), server: server, router: router)
    switch (stage, kind) {
    case (.discovering, 2): stage = .requesting(lease)
    case (.requesting, 5): stage = .bound(lease)
    case (.requesting, 6): stage = .discovering
    default: return false
    }
    return true
  }
}
