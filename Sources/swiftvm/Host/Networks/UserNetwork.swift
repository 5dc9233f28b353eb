internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// A card without any privilege: passt(1), a process for each, carries what the guest sends through sockets of its own,
/// and answers as the guest's router, DHCP server and name server.
///
/// It ends when our end of its connection does, however we end.
final class UserNetwork {
  let stream: FrameStream
  private let program: ChildProgram
  private var loop: EventLoop?
  private var watches: [EventLoop.Watch] = []

  /// What the guest gets by DHCP, as in QEMU's user networking.
  static let address = IPv4Address(value: 0x0A00_020F)
  /// The guest's router. What is sent to it reaches this host's 127.0.0.1.
  static let gateway = IPv4Address(value: 0x0A00_0202)
  /// The largest packets cost the least, and none of them goes over a wire as it is.
  static let mtu = 65_520

  /// Starts passt, and waits until it is at work.
  init(
    mtu: Int, mac: MACAddress, publishing ports: [PublishedPort], isCancelled: () -> Bool = { false }
  ) throws(Failure) {
    let starting = try StartingPasst(
      Self.arguments(mtu: mtu, ports: ports), guest: mac, isCancelled: isCancelled)
    program = starting.program
    stream = starting.stream
  }

  static func arguments(mtu: Int, ports: [PublishedPort]) -> [String] {
    var arguments = [
      "--foreground", "--quiet", "--fd", "\(ChildProgram.descriptor)",
      "--address", "\(address)", "--netmask", "24", "--gateway", "\(gateway)", "--mtu", "\(mtu)",
    ]
    for (option, transport) in [("--tcp-ports", PublishedPort.Transport.tcp), ("--udp-ports", .udp)] {
      let published = ports.filter { $0.transport == transport }
      for port in published {
        let address = port.hostAddress.map { "\($0)/" } ?? ""
        arguments += [option, "\(address)\(port.hostPort):\(port.guestPort)"]
      }
      // Without a word about UDP, passt opens the ports of TCP there too.
      if published.isEmpty { arguments += [option, "none"] }
    }
    return arguments
  }

  // MARK: While the machine runs

  /// Tells people where the guest loses its network.
  func watch(on loop: EventLoop) throws(Errno) {
    self.loop = loop
    watches.append(try loop.watch(program.ended) { [unowned self] in lost() })
    watches.append(try loop.watch(stream.ended.number, for: .signal) { [unowned self] in lost() })
  }

  private func lost() {
    cancelWatches()
    stream.end(.closed)
    let status = program.waitForEnd()
    let what =
      switch stream.ending {
      case .badLength(let length)?: "passt sent what is no frame, of \(length) bytes"
      case .failed(let error)?: "the connection to passt: \(error)"
      case .closed?, nil:
        status > 128 ? "passt was ended by signal \(status - 128)" : "passt ended with status \(status)"
      }
    StandardError.warn("--net user: \(what); the guest's link is down")
  }

  private func cancelWatches() {
    for watch in watches { loop?.cancel(watch) }
    watches = []
  }

  /// Ends passt.
  func end() {
    cancelWatches()
    stream.end(.closed)
    program.waitForEnd()
  }
}
