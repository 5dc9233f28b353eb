/// What a network device stands on: the host's side, opened. Outlives a guest's reboot.
public struct NetBackend: Sendable {
  public let port: NetPort
  /// One for each of a TAP's queues where the kernel moves the frames; else none.
  public let vhost: [VhostNet]

  public init(_ port: NetPort, vhost: [VhostNet] = []) {
    self.port = port
    self.vhost = vhost
  }
}
