/// firewalld, which refuses what comes from interfaces that it does not know, and whose table changes through its
/// own program only.
///
/// What is told to it here lasts until it is restarted. A bridge that an administrator gave a zone keeps that one.
struct Firewalld {
  /// Zones that let guests out, the one that leaves them least of the host first: those that libvirt and NetworkManager
  /// bring for shared networks admit DHCP, DNS and little else; firewalld's own `trusted` admits all.
  private static let zones = ["libvirt", "nm-shared", "trusted"]

  let network: VirtualNetwork

  /// Nil where it does not run.
  init?(_ network: VirtualNetwork, ruleset: String) {
    guard ForeignChain.hasTable("firewalld", in: ruleset) else { return nil }
    self.network = network
  }

  /// What lets guests pass; nil where firewalld is not to be spoken to, as from a container.
  func admit() -> [Step]? {
    guard !knowsBridge else { return [] }
    guard let all = ask("--get-zones"), let zone = Self.zones.first(where: all.contains) else { return nil }
    return [tell("--zone=\(zone)", "--add-interface=\(network.bridge)")]
  }

  /// What has it forget the bridge again.
  func forget() -> [Step] {
    let question = "--get-zone-of-interface=\(network.bridge)"
    guard knowsBridge, ask("--permanent", question) == nil, let zone = ask(question)?.first else { return [] }
    return [tell("--zone=\(zone)", "--remove-interface=\(network.bridge)")]
  }

  func warn() {
    StandardError.warn(
      "firewalld runs, refuses what it does not know, and cannot be spoken to: "
        + "`firewall-cmd --zone=trusted --add-interface=\(network.bridge)` lets guests through")
  }

  /// Whether it has rules for the bridge. Looks at its table, for its program takes its time.
  private var knowsBridge: Bool {
    let table = try? HostCommand(.nft, ["list", "table", "inet", "firewalld"]).check()
    return table?.contains("\"\(network.bridge)\"") == true
  }

  /// The words of its answer; nil where it has none.
  private func ask(_ question: String...) -> [String]? {
    let answer = try? HostCommand(.firewallCommand, question).check()
    return answer?.split(whereSeparator: \.isWhitespace).map(String.init)
  }

  private func tell(_ arguments: String...) -> Step {
    .run(HostCommand(.firewallCommand, ["--quiet"] + arguments))
  }
}
