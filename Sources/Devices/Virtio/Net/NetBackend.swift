/// What a network device stands on: the host's side, opened. Outlives a guest's reboot.
public struct NetBackend: Sendable {
  public let port: NetPort
  /// One for each of a TAP's queues where the kernel moves the frames; else none.
  public let vhost: [VhostNet]
  /// The guest's own address.
  public let mac: MACAddress
  /// The largest packet, told the guest; nil: nothing is told.
  public let mtu: Int?

  public init(_ port: NetPort, vhost: [VhostNet] = [], mac: MACAddress, mtu: Int?) {
    self.port = port
    self.vhost = vhost
    self.mac = mac
    self.mtu = mtu
  }
}
