/// A port of the host that leads to one of the guest: `[HOST_IP:]HOST_PORT:GUEST_PORT[/udp]`.
struct PublishedPort: Hashable, Sendable {
  enum Transport: String, Hashable, Sendable {
    case tcp, udp
  }

  /// The host's address, as it was written; nil: all of them.
  var hostAddress: String?
  var hostPort: UInt16
  var guestPort: UInt16
  var transport: Transport

  init(hostAddress: String? = nil, hostPort: UInt16, guestPort: UInt16, transport: Transport = .tcp) {
    self.hostAddress = hostAddress
    self.hostPort = hostPort
    self.guestPort = guestPort
    self.transport = transport
  }

  /// Whether a packet could be meant for either.
  func collides(with other: PublishedPort) -> Bool {
    hostPort == other.hostPort && transport == other.transport
      && (hostAddress == nil || other.hostAddress == nil || hostAddress == other.hostAddress)
  }
}

extension PublishedPort: CustomStringConvertible {
  var description: String {
    (hostAddress.map { "\($0):" } ?? "") + "\(hostPort):\(guestPort)" + (transport == .udp ? "/udp" : "")
  }
}
