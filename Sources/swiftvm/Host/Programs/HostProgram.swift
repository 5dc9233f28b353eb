internal import CLinux

/// A program of the host that swiftvm uses.
enum HostProgram: String, CaseIterable {
  case ip, nft, dnsmasq, passt
  case firewallCommand = "firewall-cmd"

  /// Those that every host is asked for: firewalld's own is there where firewalld is.
  static let allCases: [HostProgram] = [.ip, .nft, .dnsmasq, .passt]

  /// Those that virtual networks need.
  static let ofNetworks: [HostProgram] = [.ip, .nft, .dnsmasq]

  /// The Debian package that has it.
  var package: String {
    switch self {
    case .ip: "iproute2"
    case .nft: "nftables"
    case .dnsmasq: "dnsmasq-base"
    case .firewallCommand: "firewalld"
    case .passt: "passt"
    }
  }

  /// What it does for swiftvm.
  var purpose: String {
    switch self {
    case .ip: "makes and joins bridges"
    case .nft: "translates addresses"
    case .dnsmasq: "gives guests addresses and names"
    case .firewallCommand: "tells firewalld what to let pass"
    case .passt: "is a guest's network without privilege"
    }
  }

  /// Where it is. Those who are not root rarely have sbin in their search path.
  func find() throws(Failure) -> String {
    // getenv's result is copied at once; nothing changes the environment meanwhile.
    let path = unsafe getenv("PATH").map { unsafe String(cString: $0) } ?? ""
    let folders = path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
    for folder in folders where folder.hasPrefix("/") {
      let candidate = "\(folder)/\(rawValue)"
      // The call keeps nothing of the path.
      if unsafe access(candidate, X_OK) == 0 { return candidate }
    }
    throw Failure(
      .hostNotAble, "there is no program \(rawValue), which \(purpose)",
      hint: "`sudo apt-get install \(package)`, or the package that has it in your distribution")
  }
}
