/// A port of the host that leads to one of the guest: `[HOST_IP:]HOST_PORT:GUEST_PORT[/udp]`.
public struct PublishedPort: Hashable, Sendable {
  public enum Transport: String, Hashable, Sendable {
    case tcp, udp
  }

  /// The host's address, as it was written; nil: all of them.
  public var hostAddress: String?
  public var hostPort: UInt16
  public var guestPort: UInt16
  public var transport: Transport

  public init(hostAddress: String? = nil, hostPort: UInt16, guestPort: UInt16, transport: Transport = .tcp) {
    self.hostAddress = hostAddress
    self.hostPort = hostPort
    self.guestPort = guestPort
    self.transport = transport
  }

  /// Whether a packet could be meant for either.
  public func collides(with other: PublishedPort) -> Bool {
    hostPort == other.hostPort && transport == other.transport
      && (hostAddress == nil || other.hostAddress == nil || hostAddress == other.hostAddress)
  }
}

extension PublishedPort: CustomStringConvertible {
  public var description: String {
    (hostAddress.map { "\($0):" } ?? "") + "\(hostPort):\(guestPort)" + (transport == .udp ? "/udp" : "")
  }
}
