internal import CHost
internal import CLinux
internal import Hypervisor

/// What this process may do.
enum Privilege {
  /// Whether it may administrate networks (CAP_NET_ADMIN).
  static var coversNetworks: Bool {
    guard let status = SystemFile.text("/proc/self/status"),
      let line = status.split(separator: "\n").first(where: { $0.hasPrefix("CapEff:") }),
      let capabilities = UInt64(line.dropFirst(7).drop { $0 == " " || $0 == "\t" }, radix: 16)
    else { return false }
    return capabilities & 1 << 12 != 0
  }

  /// - Parameter card: what was asked for.
  static func require(forCard card: CardWish.Source) throws(Failure) {
    try require(for: "--net \(card)", hint: waysOut(card))
  }

  static func require(forCommand command: String) throws(Failure) {
    try require(for: command, hint: "run it with sudo; a machine's --net user needs neither")
  }

  private static func require(for what: String, hint: String) throws(Failure) {
    guard !coversNetworks else { return }
    throw Failure(
      .usage, "\(what): this needs the privilege to administrate networks (CAP_NET_ADMIN)", hint: hint)
  }

  /// A network that needs no privilege, one that needs it once, and the one that was asked for.
  private static func waysOut(_ card: CardWish.Source) -> String {
    var commands: [String] = []
    let bridge: String
    switch card {
    case .bridge(let name): bridge = name
    case .nat(let name):
      if let network = StateFolder.ofRoot.network(name) {
        bridge = network.bridge
      } else {
        commands.append("sudo swiftvm net up" + (name == VirtualNetwork.defaultName ? "" : " --name \(name)"))
        bridge = nextBridge
      }
    case .tap, .descriptor, .user: bridge = "BRIDGE"
    }
    commands += [
      "sudo ip tuntap add dev tap0 mode tap user $USER", "sudo ip link set dev tap0 master \(bridge) up",
    ]
    return
      "--net user needs none; or have an administrator once run `\(commands.joined(separator: " && "))` and give "
      + "--net tap=tap0; or run it with sudo"
  }

  /// What the bridge of the next network will be called.
  private static var nextBridge: String {
    // The call keeps nothing of the name.
    let number = (0..<100).first { unsafe chost_has_interface("svbr\($0)") == 0 }
    return "svbr\(number ?? 0)"
  }
}
