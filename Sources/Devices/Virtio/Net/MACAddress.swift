/// An Ethernet address.
public struct MACAddress: Hashable, Sendable {
  /// The six bytes, the first on the wire in bits 40 to 47.
  public let value: UInt64

  init(value: UInt64) {
    self.value = value & 0xFFFF_FFFF_FFFF
  }

  /// Six bytes, first on the wire first.
  public init?(_ bytes: [UInt8]) {
    guard bytes.count == 6 else { return nil }
    value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Six two-digit hexadecimal numbers between colons.
  public init?(_ text: String) {
    let parts = text.split(separator: ":", omittingEmptySubsequences: false)
    let bytes = parts.compactMap { part -> UInt8? in
      part.utf8.count == 2 && part.allSatisfy(\.isHexDigit) ? UInt8(part, radix: 16) : nil
    }
    guard parts.count == 6 else { return nil }
    self.init(bytes)
  }

  /// One that stays the same for the same names, of the space that anybody may assign in (bit 1 of the
  /// first byte).
  public init(derivedFrom names: [String]) {
    // FNV-1a, and a byte that no name has between names.
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for name in names {
      for byte in Array(name.utf8) + [0xFF] { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    }
    // The upper bits are mixed best.
    let mixed = hash >> 16 ^ hash << 32
    value = mixed & 0xFCFF_FFFF_FFFF | 0x0200_0000_0000
  }

  public static let broadcast = MACAddress(value: 0xFFFF_FFFF_FFFF)

  /// Whether it names a group of stations; broadcast is one.
  public var isMulticast: Bool { value & 0x0100_0000_0000 != 0 }
  public var isZero: Bool { value == 0 }

  public var bytes: [UInt8] {
    stride(from: 40, through: 0, by: -8).map { UInt8(truncatingIfNeeded: value >> UInt64($0)) }
  }
}

extension MACAddress: CustomStringConvertible {
  public var description: String {
    bytes.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }.joined(separator: ":")
  }
}

extension MACAddress: Codable {
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let address = MACAddress(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "not a MAC address")
    }
    self = address
  }

  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}
