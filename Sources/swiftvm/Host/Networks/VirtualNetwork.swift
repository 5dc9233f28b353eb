internal import Devices

/// A network of this host's making: a bridge, and behind it addresses, names and a way out.
struct VirtualNetwork: Hashable, Codable {
  static let defaultName = "default"

  let name: String
  let bridge: String
  let subnet: IPv4Subnet
  /// The first 48 bits of the IPv6 addresses, 16 zeroes behind, as `fd12:3456:789a`; nil where the host has no IPv6.
  let prefix6: String?
  /// Whether guests reach nobody but each other and the host.
  let isIsolated: Bool
  /// Whether it goes when its last machine goes.
  var isTransient: Bool

  /// The host's address on the bridge.
  var gateway: IPv4Address { IPv4Address(value: subnet.base.value + 1) }
  /// What guests get.
  var guests: ClosedRange<IPv4Address> {
    IPv4Address(value: subnet.base.value + 2)...IPv4Address(value: subnet.broadcast.value - 1)
  }
  var gateway6: String? { prefix6.map { "\($0)::1" } }

  /// The bridge's own address. A bridge without one takes a port's, and changes it with the ports.
  var bridgeMAC: MACAddress { MACAddress(derivedFrom: ["bridge", name]) }
  /// The name of its table in nftables.
  var table: String { "swiftvm-\(name)" }

  /// The lengths of subnets that leave room for a gateway and a guest or two, and for others.
  static let lengths = 16...29
}

extension VirtualNetwork {
  /// A record with a subnet of another size is none of ours: guests have no room there.
  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    name = try values.decode(String.self, forKey: .name)
    bridge = try values.decode(String.self, forKey: .bridge)
    subnet = try values.decode(IPv4Subnet.self, forKey: .subnet)
    prefix6 = try values.decodeIfPresent(String.self, forKey: .prefix6)
    isIsolated = try values.decode(Bool.self, forKey: .isIsolated)
    isTransient = try values.decode(Bool.self, forKey: .isTransient)
    guard Self.lengths.contains(subnet.length) else {
      throw DecodingError.dataCorruptedError(
        forKey: .subnet, in: values, debugDescription: "of a size that no network of guests has")
    }
  }

  static func checked(name: String) throws(Failure) -> String {
    guard (1...32).contains(name.utf8.count), HostName.isSound(name) else {
      throw Failure(
        .usage, "network \"\(name)\": not a name for a network",
        hint: "use 1 to 32 letters, digits and hyphens, a letter or digit first and last")
    }
    return name
  }

  static func checked(subnet text: String) throws(Failure) -> IPv4Subnet {
    let hint =
      "write an address and a length from \(lengths.lowerBound) to \(lengths.upperBound): 192.168.150.0/24"
    guard text.contains("/"), let subnet = IPv4Subnet(text) else {
      throw Failure(.usage, "--subnet \(text): not an IPv4 subnet", hint: hint)
    }
    guard lengths.contains(subnet.length) else {
      throw Failure(.usage, "--subnet \(text): of a size that no network of guests has", hint: hint)
    }
    guard subnet.description == text else {
      throw Failure(
        .usage, "--subnet \(text): the address is not the subnet's first", hint: "did you mean \(subnet)?")
    }
    return subnet
  }

  /// Subnets to try where none is asked for: libvirt's, and those after it.
  static var usualSubnets: [IPv4Subnet] {
    let first = IPv4Address(value: 0xC0A8_0000)
    let thirds: [UInt32] = Array(122...254) + Array(2...121)
    return thirds.map { IPv4Subnet(IPv4Address(value: first.value | $0 << 8), length: 24) }
  }

  /// Subnets to propose where none of those is free.
  static var otherSubnets: [IPv4Subnet] {
    let ten: [UInt32] = (77...254).map { 0x0A00_0000 | $0 << 16 | 77 << 8 }
    let others: [UInt32] = (16...31).map { 0xAC00_0000 | $0 << 16 | 77 << 8 }
    return (ten + others).map { IPv4Subnet(IPv4Address(value: $0), length: 24) }
  }

  /// An IPv6 prefix of the space that anybody may use, the same for the same host and name (RFC 4193).
  static func prefix6(host: String, name: String) -> String {
    // Of its 48 bits the lowest 40; the prefix begins with fd.
    let bits = MACAddress(derivedFrom: [host, "network", name]).value & 0xFF_FFFF_FFFF
    let words = [0xFD00 | bits >> 32, bits >> 16 & 0xFFFF, bits & 0xFFFF]
    // Written out, the zero before "::" would stand for itself: "fd12:3456:789a::" is the /64.
    return words.map { String($0, radix: 16) }.joined(separator: ":")
  }
}

/// Names that a host in a network can have (RFC 1123, one label).
enum HostName {
  static func isSound(_ text: String) -> Bool {
    let isPlain = text.utf8.allSatisfy { byte in
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
        UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"):
        true
      default: false
      }
    }
    return (1...63).contains(text.utf8.count) && isPlain && !text.hasPrefix("-") && !text.hasSuffix("-")
  }
}

enum MachineName {
  static func checked(_ name: String) throws(Failure) -> String {
    guard HostName.isSound(name) else {
      throw Failure(
        .usage, "--name \"\(name)\": not a name for a machine",
        hint: "use 1 to 63 letters, digits and hyphens, a letter or digit first and last")
    }
    return name
  }
}
