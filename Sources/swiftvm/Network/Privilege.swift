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

  static func requireForNetworks(_ what: String) throws(Failure) {
    guard !coversNetworks else { return }
    throw Failure(
      .usage, "\(what): this needs the privilege to administrate networks (CAP_NET_ADMIN)",
      hint: "run it with sudo; or give --net tap=tap0 and have an administrator once run `ip tuntap add tap0 "
        + "mode tap user $USER && ip link set tap0 master BRIDGE up`; or leave the network out with --net none"
    )
  }
}
