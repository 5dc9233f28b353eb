/// An IPv4 address, as a number.
struct Address: Equatable, CustomStringConvertible {
  static let unknown = Address(value: 0)
  static let everybody = Address(value: ~0)

  let value: UInt32

  var description: String { "\(value >> 24).\(value >> 16 & 255).\(value >> 8 & 255).\(value & 255)" }
}

/// What an IPv4 packet carries.
enum Transport: UInt8 {
  case icmp = 1
  case udp = 17
}

/// IPv4 in a frame: where its parts lie, for headers without options (RFC 791, RFC 768).
extension Frame {
  static let payload = 34
  static let datagram = 42

  var source: Address { Address(value: word(26)) }
  var target: Address { Address(value: word(30)) }
  /// Behind the last byte; the frame may be longer.
  var end: Int { 14 + Int(half(16)) }

  /// Whether it holds a whole IPv4 packet, with the right sums, of one of the two kinds that are known here.
  func transport(length: Int) -> Transport? {
    guard length >= Self.datagram, half(12) == 0x0800, self[14] == 0x45, half(20) & 0x3FFF == 0,
      (Self.datagram...length).contains(end), checksum(14..<Self.payload) == 0,
      let transport = Transport(rawValue: self[23])
    else { return nil }
    switch transport {
    case .icmp: guard checksum(Self.payload..<end) == 0 else { return nil }
    case .udp:
      guard Int(half(38)) == end - Self.payload, half(40) == 0 || sumOfDatagram == 0 else { return nil }
    }
    return transport
  }

  /// A datagram's sum is that of its addresses, its kind and its length too.
  var sumOfDatagram: UInt16 {
    let addresses = (26..<Self.payload).reduce(UInt32(0)) { sum, offset in
      sum + (offset % 2 == 0 ? UInt32(self[offset]) << 8 : UInt32(self[offset]))
    }
    return checksum(Self.payload..<end, start: addresses + UInt32(self[23]) + UInt32(end - Self.payload))
  }

  /// Writes both headers before what the packet carries.
  func address(
    _ transport: Transport, from: (ethernet: [UInt8], Address), to: (ethernet: [UInt8], Address), length: Int
  ) {
    set(bytes: to.ethernet, 0)
    set(bytes: from.ethernet, 6)
    set(half: 0x0800, 12)
    clear(14..<Self.payload)
    self[14] = 0x45
    set(half: UInt16(length - 14), 16)
    self[22] = 64
    self[23] = transport.rawValue
    set(word: from.1.value, 26)
    set(word: to.1.value, 30)
    set(half: checksum(14..<Self.payload), 24)
  }
}
