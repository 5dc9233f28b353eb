internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// A published port, kept from other programs of the host as long as this lives.
final class HeldPort {
  private let socket: OwnedDescriptor

  init(_ port: PublishedPort) throws(Failure) {
    let address = port.hostAddress.flatMap { IPv4Address($0) }?.value ?? 0
    do throws(Errno) {
      socket = try OwnedDescriptor(
        result: chost_hold_port(address, port.hostPort, port.transport == .udp ? 1 : 0))
    } catch {
      let option = port.transport == .udp ? "u" : "t"
      let hint: String? =
        switch error {
        case .addressInUse: "`ss -ln\(option)p sport = :\(port.hostPort)` shows who has it"
        case .permissionDenied: "ports below 1024 need privilege: take 1024 or above, or run it with sudo"
        case .addressNotAvailable: "`ip -4 address` shows this host's addresses"
        default: error.shortageHint
        }
      throw Failure(
        .usage, "--publish \(port): port \(port.hostPort)/\(port.transport.rawValue) of this host: \(error)",
        hint: hint)
    }
  }
}
