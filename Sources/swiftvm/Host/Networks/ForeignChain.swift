internal import FoundationEssentials

/// A chain of somebody else's, such as Docker's, that drops what it does not know. What our own table accepts is
/// dropped there all the same, so it must accept our bridge too.
struct ForeignChain: Hashable {
  let family: String
  let table: String
  let chain: String
  /// `forward` or `input`.
  let hook: String

  /// ICMPv6 by its number: without /etc/protocols, which a small host lacks, nft knows no name.
  private static let icmp6 = 58

  /// Lets in it pass what comes from the network's bridge or goes to it: our own table tells good from bad. To
  /// the host itself only what guests need of dnsmasq. Plain matches, one a rule: the table may be iptables', who
  /// must still be able to show it.
  func admit(_ network: VirtualNetwork) -> Step {
    let bridge = "\"\(network.bridge)\""
    let matches: [String]
    if hook == "forward" {
      matches = ["iifname \(bridge)", "oifname \(bridge)"]
    } else {
      let ports = ["udp dport 53", "tcp dport 53"] + (family == "ip6" ? [] : ["udp dport 67"])
      let ports6 = family == "ip" ? [] : ["udp dport 547", "meta l4proto \(Self.icmp6)"]
      matches = (ports + ports6).map { "iifname \(bridge) \($0)" }
    }
    let lines = matches.map {
      "insert rule \(family) \(table) \(chain) \($0) counter accept comment \"\(network.table)\"\n"
    }
    return .run(HostCommand(.nft, ["-f", "-"], input: lines.joined()))
  }

  /// A rule that `admit` made.
  struct Admission: Hashable {
    let chain: ForeignChain
    let handle: Int

    func delete() -> Step {
      .run(
        HostCommand(
          .nft, ["delete", "rule", chain.family, chain.table, chain.chain, "handle", "\(handle)"]))
    }
  }
}

extension ForeignChain {
  /// The chains, of those that `nft -j list ruleset` shows, that drop by default.
  static func dropping(in ruleset: String) -> [ForeignChain] {
    let chains = items(ruleset).compactMap(\.chain)
    let dropping = chains.filter { chain in
      chain.policy == "drop" && ["forward", "input"].contains(chain.hook)
        && ["ip", "ip6", "inet"].contains(chain.family) && !chain.table.hasPrefix("swiftvm-")
        && !chain.table.hasPrefix("firewalld")
    }
    return dropping.map { base in
      // Docker keeps this one for others, and rewrites its own.
      let user = chains.first {
        ($0.family, $0.table, $0.name) == (base.family, base.table, "DOCKER-USER") && base.hook == "forward"
      }
      return ForeignChain(
        family: base.family, table: base.table, chain: (user ?? base).name, hook: base.hook ?? "forward")
    }
  }

  /// The rules that a network has in others' chains.
  static func admissions(of network: VirtualNetwork, in ruleset: String) -> [Admission] {
    items(ruleset).compactMap(\.rule).filter { $0.comment == network.table && $0.table != network.table }
      .map { rule in
        let chain = ForeignChain(family: rule.family, table: rule.table, chain: rule.chain, hook: "")
        return Admission(chain: chain, handle: rule.handle)
      }
  }

  /// Whether there is a table of the name for IPv4 and IPv6.
  static func hasTable(_ name: String, in ruleset: String) -> Bool {
    items(ruleset).contains { $0.table?.name == name && $0.table?.family == "inet" }
  }

  private static func items(_ ruleset: String) -> [Item] {
    let document = try? JSONDecoder().decode(Document.self, from: Data(ruleset.utf8))
    return document?.nftables ?? []
  }

  private struct Document: Decodable {
    let nftables: [Item]
  }

  private struct Item: Decodable {
    struct Table: Decodable {
      let family, name: String
    }
    struct Chain: Decodable {
      let family, table, name: String
      let hook, policy: String?
    }
    struct Rule: Decodable {
      let family, table, chain: String
      let handle: Int
      let comment: String?
    }

    let table: Table?
    let chain: Chain?
    let rule: Rule?
  }
}
