internal import Hypervisor

/// The text of `--publish`: `[HOST_IP:]HOST_PORT:GUEST_PORT[/udp]`.
enum PublishOption {
  private static let form =
    "write [HOST_IP:]HOST_PORT:GUEST_PORT[/udp], such as 8080:80 or 127.0.0.1:5353:53/udp"

  /// Each is compared with every other, and holds a descriptor.
  private static let most = 1024

  /// The ports that `texts` name, and that can be had with these cards.
  static func ports(_ texts: [String], cards: [CardWish]) throws(Failure) -> [PublishedPort] {
    guard texts.count <= most else {
      throw Failure(
        .usage, "\(texts.count) ports are to be published, at most \(most) can be",
        hint: "give the guest an address of its own: --net bridge=NAME")
    }
    var ports: [PublishedPort] = []
    for text in texts {
      let port = try parse(text)
      guard !ports.contains(where: port.collides) else {
        throw Failure(
          .usage, "--publish \(text): port \(port.hostPort)/\(port.transport.rawValue) is published twice",
          hint: "give each port of the host once")
      }
      ports.append(port)
    }
    guard ports.isEmpty || cards.contains(where: \.canPublish) else {
      throw Failure(
        .usage, "--publish \(ports[0]): no card is on a virtual network",
        hint: "add --net nat or --net user; a bridged guest is reached at its own address")
    }
    return ports
  }

  static func parse(_ text: String) throws(Failure) -> PublishedPort {
    let sides = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard sides.count <= 2,
      let transport = PublishedPort.Transport(rawValue: sides.count == 2 ? sides[1] : "tcp")
    else { throw Failure(.usage, "--publish \(text): the part after / is neither tcp nor udp", hint: form) }
    guard !sides[0].contains("[") else {
      throw Failure(
        .usage, "--publish \(text): ports are published at IPv4 addresses only",
        hint: "which IPv6 address a guest takes is its own choice; \(form)")
    }
    var parts = sides[0].split(separator: ":", omittingEmptySubsequences: false).map(String.init)
    guard (2...3).contains(parts.count) else {
      throw Failure(.usage, "--publish \(text): not a pair of ports", hint: form)
    }
    var hostAddress: String?
    if parts.count == 3 {
      guard let address = IPv4Address(parts.removeFirst()) else {
        throw Failure(.usage, "--publish \(text): not an IPv4 address of this host", hint: form)
      }
      hostAddress = address.value == 0 ? nil : "\(address)"
    }
    guard let host = UInt16(parts[0]), let guest = UInt16(parts[1]), host > 0, guest > 0 else {
      throw Failure(.usage, "--publish \(text): a port is a number from 1 to 65535", hint: form)
    }
    return PublishedPort(hostAddress: hostAddress, hostPort: host, guestPort: guest, transport: transport)
  }
}

extension CardWish {
  /// Whether ports of the host can lead to it: they lead to the first such card.
  var canPublish: Bool {
    switch source {
    case .nat, .user: true
    case .tap, .descriptor, .bridge: false
    }
  }
}
