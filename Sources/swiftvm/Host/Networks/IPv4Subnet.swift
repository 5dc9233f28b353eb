/// An IPv4 address, as a number.
struct IPv4Address: Hashable, Comparable, CodedAsText {
  let value: UInt32

  init(value: UInt32) {
    self.value = value
  }

  /// Four decimal numbers between dots.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: ".", omittingEmptySubsequences: false)
    // No sign, and no leading zero, which some programs take for octal.
    let bytes = parts.compactMap { part -> UInt32? in
      guard part.utf8.allSatisfy({ (0x30...0x39).contains($0) }), part == "0" || !part.hasPrefix("0") else {
        return nil
      }
      return UInt8(part).map(UInt32.init)
    }
    guard parts.count == 4, bytes.count == 4 else { return nil }
    value = bytes.reduce(0) { $0 << 8 | $1 }
  }

  static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.value < right.value }
}

extension IPv4Address: LosslessStringConvertible {
  var description: String {
    stride(from: UInt32(24), through: 0, by: -8).map { "\(value >> $0 & 0xFF)" }.joined(separator: ".")
  }
}

/// A range of IPv4 addresses with a common beginning: `192.168.122.0/24`.
struct IPv4Subnet: Hashable, CodedAsText {
  let base: IPv4Address
  /// Bits of the common beginning.
  let length: Int

  /// The base's bits after the beginning are dropped.
  init(_ address: IPv4Address, length: Int) {
    self.length = length
    base = IPv4Address(value: address.value & Self.mask(length))
  }

  /// `192.168.122.0/24`, or an address, which is a range of one.
  init?(_ text: some StringProtocol) {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false)
    guard (1...2).contains(parts.count), let address = IPv4Address(parts[0]) else { return nil }
    let length = parts.count == 1 ? 32 : Int(parts[1])
    guard let length, (0...32).contains(length) else { return nil }
    self.init(address, length: length)
  }

  private static func mask(_ length: Int) -> UInt32 { length == 0 ? 0 : ~0 << UInt32(32 - length) }

  var netmask: IPv4Address { IPv4Address(value: Self.mask(length)) }
  /// The last address, that of everybody.
  var broadcast: IPv4Address { IPv4Address(value: base.value | ~Self.mask(length)) }

  func contains(_ address: IPv4Address) -> Bool { (base...broadcast).contains(address) }

  func overlaps(_ other: IPv4Subnet) -> Bool { contains(other.base) || other.contains(base) }
}

extension IPv4Subnet: LosslessStringConvertible {
  var description: String { "\(base)/\(length)" }
}
