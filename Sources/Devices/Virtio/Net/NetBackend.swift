/// What a network device stands on: the host's side, opened. Outlives a guest's reboot.
public struct NetBackend: Sendable {
  public let tap: Tap
  /// One for each of the TAP's queues where the kernel moves the frames; else none.
  public let vhost: [VhostNet]
  /// The guest's own address.
  public let mac: MACAddress
  /// The largest packet, told the guest; nil: nothing is told.
  public let mtu: Int?

  public init(tap: Tap, vhost: [VhostNet], mac: MACAddress, mtu: Int?) {
    self.tap = tap
    self.vhost = vhost
    self.mac = mac
    self.mtu = mtu
  }
}
