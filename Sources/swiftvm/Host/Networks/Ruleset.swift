internal import Hypervisor

/// What a network's table in nftables holds. The table is our own: nobody else's rules change.
enum Ruleset {
  /// Makes the table anew.
  static func script(_ network: VirtualNetwork) -> String {
    let bridge = "\"\(network.bridge)\""
    let v6 = network.prefix6.map { "\n    iifname \(bridge) ip6 saddr != \($0)::/64 drop" } ?? ""
    let input6 =
      network.prefix6.map { "\n    iifname \(bridge) ip6 saddr != { ::, fe80::/10, \($0)::/64 } drop" } ?? ""
    // What comes to this host must come from the network. Frames from guest to guest are not looked at: a host may show
    // them to these chains too. The guard comes before connections are tracked and published ports translated; what it
    // cannot tell, as a broadcast, ends at "input".
    // A neighbour would answer a neighbour directly, and a guest without a way out cannot answer at all: they hear
    // this host instead of who came to a published port.
    let comers = network.isIsolated ? "" : "iifname \(bridge) "
    let out = network.isIsolated ? "reject with icmpx admin-prohibited" : "accept"
    // Deleting what may not be there: first made, then deleted.
    return """
      add table inet \(network.table)
      delete table inet \(network.table)
      table inet \(network.table) {
        chain published {
        }
        chain prerouting {
          type nat hook prerouting priority -100; policy accept;
          fib daddr type local jump published
        }
        chain output {
          type nat hook output priority -100; policy accept;
          fib daddr type local jump published
        }
        chain guard {
          type filter hook prerouting priority -300; policy accept;
          iifname \(bridge) ip saddr 127.0.0.0/8 drop
          iifname \(bridge) ip daddr 127.0.0.0/8 drop
          iifname \(bridge) ip saddr != \(network.subnet) fib daddr type local drop
        }
        chain input {
          type filter hook input priority 0; policy accept;
          iifname \(bridge) ip saddr != { 0.0.0.0, \(network.subnet) } drop\(input6)
        }
        chain postrouting {
          type nat hook postrouting priority 100; policy accept;
          oifname \(bridge) ip saddr 127.0.0.0/8 masquerade
          \(comers)oifname \(bridge) ct status dnat masquerade
          iifname \(bridge) oifname != \(bridge) masquerade
        }
        chain forward {
          type filter hook forward priority 0; policy accept;
          iifname \(bridge) oifname \(bridge) accept
          iifname \(bridge) ip saddr != \(network.subnet) drop\(v6)
          oifname \(bridge) ct state established,related accept
          oifname \(bridge) ct status dnat accept
          oifname \(bridge) reject with icmpx admin-prohibited
          iifname \(bridge) ct state established,related accept
          iifname \(bridge) \(out)
        }
      }

      """
  }

  /// Has the table lead to the ports that machines publish, and to no others, in one transaction.
  static func script(_ network: VirtualNetwork, publishing machines: [MachineRecord]) -> String {
    var lines = ["flush chain inet \(network.table) published"]
    for machine in machines {
      guard let card = machine.publishedCard, card.network == network.name, let address = card.address else {
        continue
      }
      for text in machine.published {
        guard let port = try? PublishOption.parse(text) else { continue }
        let daddr = port.hostAddress.map { "ip daddr \($0) " } ?? ""
        lines.append(
          "add rule inet \(network.table) published \(daddr)\(port.transport.rawValue) dport \(port.hostPort) "
            + "dnat ip to \(address):\(port.guestPort) comment \"\(machine.name)\"")
      }
    }
    return lines.joined(separator: "\n") + "\n"
  }
}
