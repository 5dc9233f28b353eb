internal import Devices

/// Which guest gets which address.
enum Reservations {
  /// A line of dnsmasq's file for each card.
  static func text(of machines: [MachineRecord], on network: String) -> String {
    var lines = ""
    for machine in machines {
      var isFirst = true
      for card in machine.cards where card.network == network {
        guard let address = card.address else { continue }
        // Two addresses under one name would come in turns.
        lines += "\(card.mac),\(address)" + (isFirst ? ",\(machine.name)\n" : "\n")
        isFirst = false
      }
    }
    return lines
  }

  /// A line of dnsmasq's lease file.
  struct Lease: Equatable {
    let mac: String
    let address: IPv4Address
  }

  /// The IPv4 leases in the file's text.
  static func leases(in text: String) -> [Lease] {
    text.split(separator: "\n").compactMap { line in
      let fields = line.split(separator: " ")
      guard fields.count >= 4, let address = IPv4Address(fields[2]) else { return nil }
      return Lease(mac: String(fields[1]), address: address)
    }
  }

  /// An address for `mac`: the one that it has, else one that nobody has or had lately.
  ///
  /// - Returns: nil where all are taken.
  static func address(
    for mac: MACAddress, in network: VirtualNetwork, reserved: Set<IPv4Address>, leases: [Lease]
  ) -> IPv4Address? {
    let range = network.guests
    if let lease = leases.first(where: { $0.mac == "\(mac)" }), range.contains(lease.address),
      !reserved.contains(lease.address)
    {
      return lease.address
    }
    let count = range.upperBound.value - range.lowerBound.value + 1
    // The same guest mostly gets the same one.
    let start = UInt32(truncatingIfNeeded: mac.value ^ mac.value >> 32) % count
    let candidates = (0..<count).lazy.map {
      IPv4Address(value: range.lowerBound.value + (start &+ $0) % count)
    }
    let leased = Set(leases.map(\.address))
    return candidates.first { !reserved.contains($0) && !leased.contains($0) }
      ?? candidates.first { !reserved.contains($0) }
  }
}
