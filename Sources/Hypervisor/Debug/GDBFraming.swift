/// The envelope of gdb's remote protocol: `$payload#checksum`, acknowledgements and the interrupt byte (Debugging
/// with GDB, appendix E.1). Bytes in, events out; whatever comes, it holds at most one packet.
struct GDBFraming {
  enum Event: Hashable {
    /// A whole packet, unescaped.
    case packet([UInt8])
    /// The byte 0x03 between packets.
    case interrupt
    case acknowledged
    /// The other side wants the last packet again.
    case refused
    /// A packet that is too long or whose checksum is wrong.
    case malformed
  }

  /// Bytes of the longest payload that is taken.
  static let mostPayload = 0x4000

  private enum State {
    case between
    case payload
    /// After a backslash of this protocol, `}`.
    case escaped
    case firstDigit
    case secondDigit(UInt8?)
  }

  private var state = State.between
  private var payload: [UInt8] = []
  private var checksum: UInt8 = 0
  private var isTooLong = false

  mutating func take(_ byte: UInt8) -> Event? {
    switch state {
    case .between: return takeBetween(byte)
    case .payload, .escaped: takePayload(byte)
    case .firstDigit: state = .secondDigit(Hex.digit(byte))
    case .secondDigit(let first):
      state = .between
      defer { payload = [] }
      guard let first, let second = Hex.digit(byte), first << 4 | second == checksum, !isTooLong else {
        return .malformed
      }
      return .packet(payload)
    }
    return nil
  }

  private mutating func takeBetween(_ byte: UInt8) -> Event? {
    switch byte {
    case UInt8(ascii: "$"): begin()
    case UInt8(ascii: "+"): return .acknowledged
    case UInt8(ascii: "-"): return .refused
    case 0x03: return .interrupt
    default: break
    }
    return nil
  }

  private mutating func begin() {
    state = .payload
    payload = []
    checksum = 0
    isTooLong = false
  }

  private mutating func takePayload(_ byte: UInt8) {
    switch byte {
    // Neither is part of a payload; the first begins a packet whose predecessor broke off.
    case UInt8(ascii: "$"): return begin()
    case UInt8(ascii: "#"):
      state = .firstDigit
      return
    default: checksum &+= byte
    }
    if case .payload = state, byte == UInt8(ascii: "}") {
      state = .escaped
      return
    }
    if payload.count == Self.mostPayload {
      isTooLong = true
    } else if case .escaped = state {
      payload.append(byte ^ 0x20)
    } else {
      payload.append(byte)
    }
    state = .payload
  }

  /// A packet with `payload`, escaped where need be.
  static func packet(_ payload: [UInt8]) -> [UInt8] {
    var packet = [UInt8(ascii: "$")]
    var checksum: UInt8 = 0
    func add(_ byte: UInt8) {
      packet.append(byte)
      checksum &+= byte
    }
    for byte in payload {
      switch byte {
      case UInt8(ascii: "$"), UInt8(ascii: "#"), UInt8(ascii: "}"), UInt8(ascii: "*"):
        add(UInt8(ascii: "}"))
        add(byte ^ 0x20)
      default: add(byte)
      }
    }
    packet.append(UInt8(ascii: "#"))
    Hex.append(checksum, to: &packet)
    return packet
  }
}
