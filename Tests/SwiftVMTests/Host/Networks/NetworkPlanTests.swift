import Testing

@testable import swiftvm

struct NetworkPlanTests {
  private let state = StateFolder(path: "/run/swiftvm")

  private func network(
    _ name: String = "lab", isIsolated: Bool = false, prefix6: String? = "fd12:3456:789a"
  ) throws -> VirtualNetwork {
    VirtualNetwork(
      name: name, bridge: "svbr3", subnet: try #require(IPv4Subnet("10.77.0.0/29")), prefix6: prefix6,
      isIsolated: isIsolated, isTransient: false)
  }

  private func lines(_ steps: [Step]) -> String { steps.map(\.shellText).joined(separator: "\n") }

  @Test func `the record comes first, and dnsmasq, whose file says that all is there, last`() throws {
    let plan = NetworkPlan(network: try network(), state: state)
    let steps = plan.up(Forwarding(v4: "1", v6: "1"), dnsmasqUser: nil)
    let record = try #require(steps.firstIndex { $0.shellText.contains("network.json") })
    let firstChange = try #require(steps.firstIndex { if case .run = $0 { true } else { false } })
    #expect(record < firstChange)
    #expect(steps.last?.shellText.hasPrefix("dnsmasq ") == true)
    #expect(!lines(steps).contains("sysctls.json"))
  }

  @Test func `what is switched on is noted before, with what would not come back by itself`() throws {
    var forwarding = Forwarding(v4: "0", v6: "0")
    forwarding.exceptions = [.init(path: "/proc/sys/net/ipv4/conf/eth1/forwarding", value: "1")]
    forwarding.listeners = ["eth0"]
    let steps = forwarding.enable(notes: "/notes")
    guard case .write("/notes", let text) = steps.first else {
      Issue.record("\(steps)")
      return
    }
    for path in [
      "ipv4/ip_forward", "ipv6/conf/all/forwarding", "ipv6/conf/eth0/accept_ra", "eth1/forwarding",
    ] {
      #expect(text.contains(path))
    }
    // A host that forwards forgets its routers unless it is told to listen on.
    let listens = steps.firstIndex(of: .set(path: "/proc/sys/net/ipv6/conf/eth0/accept_ra", value: "2"))
    let forwards = steps.firstIndex(of: .set(path: Forwarding.v6Path, value: "1"))
    #expect(try #require(listens) < #require(forwards))
  }

  @Test func `what was noted for an earlier network stays noted`() throws {
    let earlier = [
      Forwarding.Note(path: Forwarding.v4Path, value: "0"), .init(path: Forwarding.v6Path, value: "0"),
    ]
    let steps = Forwarding(v4: "1", v6: "0").enable(notes: "/notes", earlier: earlier)
    #expect(
      steps == [
        .write(path: "/notes", text: StateFolder.json(earlier)), .set(path: Forwarding.v6Path, value: "1"),
      ])
  }

  @Test func `an isolated network leads nowhere`() throws {
    let plan = NetworkPlan(network: try network(isIsolated: true), state: state)
    #expect(lines([plan.makeTable]).contains("iifname \"svbr3\" reject"))
    #expect(lines([plan.startDNSMasq(user: nil)]).contains("--dhcp-option=option:router"))
    let open = NetworkPlan(network: try network(), state: state)
    #expect(!lines([open.makeTable]).contains("iifname \"svbr3\" reject"))
  }

  @Test func `a host without IPv6 gets none of it`() throws {
    let plan = NetworkPlan(network: try network(prefix6: nil), state: state)
    let text = lines(plan.up(Forwarding(v4: "0", v6: nil), dnsmasqUser: nil))
    #expect(!text.contains("ip6") && !text.contains("ipv6") && !text.contains("enable-ra"))
  }

  @Test func `down ends what is there, and puts settings back only with the last network`() throws {
    let plan = NetworkPlan(network: try network(), state: state)
    var present = PresentParts()
    present.notedSysctls = [.set(path: Forwarding.v4Path, value: "0")]
    #expect(lines(plan.down(present, isLast: false)) == "rm -rf /run/swiftvm/networks/lab")
    #expect(lines(plan.down(present, isLast: true)).contains("echo 0 > \(Forwarding.v4Path)"))
    present.hasBridge = true
    #expect(lines(plan.down(present, isLast: false)).contains("ip link delete svbr3 type bridge"))
  }

  @Test func `a chain that drops is found, Docker's own door is preferred, and ours is left out`() throws {
    let ruleset = """
      {"nftables": [{"metainfo": {"version": "1.0.6"}},
       {"chain": {"family": "ip", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter",
                  "hook": "forward", "prio": 0, "policy": "drop"}},
       {"chain": {"family": "ip", "table": "filter", "name": "DOCKER-USER", "handle": 2}},
       {"chain": {"family": "ip6", "table": "filter", "name": "FORWARD", "handle": 1, "type": "filter",
                  "hook": "forward", "prio": 0, "policy": "accept"}},
       {"chain": {"family": "inet", "table": "wall", "name": "in", "handle": 1, "type": "filter",
                  "hook": "input", "prio": 0, "policy": "drop"}},
       {"rule": {"family": "ip", "table": "filter", "chain": "DOCKER-USER", "handle": 9,
                 "comment": "swiftvm-lab", "expr": [{"xt": null}]}},
       {"table": {"family": "inet", "name": "swiftvm-lab", "handle": 3}}]}
      """
    let chains = ForeignChain.dropping(in: ruleset)
    #expect(
      chains == [
        ForeignChain(family: "ip", table: "filter", chain: "DOCKER-USER", hook: "forward"),
        ForeignChain(family: "inet", table: "wall", chain: "in", hook: "input"),
      ])
    let lab = try network()
    #expect(ForeignChain.admissions(of: lab, in: ruleset).map(\.handle) == [9])
    #expect(ForeignChain.hasTable(lab.table, in: ruleset))
    #expect(try !ForeignChain.hasTable(network("other").table, in: ruleset))
    // The host's own services stay closed to guests, but for those that make the network.
    #expect(!lines([chains[1].admit(lab)]).contains("\"svbr3\" counter"))
    #expect(lines([chains[1].admit(lab)]).contains("udp dport 67"))
  }

  @Test(arguments: [("plain", "plain"), ("", "''"), ("a b", "'a b'"), ("it's", "'it'\\''s'"), ("$x", "'$x'")])
  func `a shell reads back what is shown to it`(text: String, shown: String) {
    #expect(text.shellQuoted == shown)
  }

  @Test func `names that lead elsewhere are refused`() {
    for name in ["", "a/b", "../x", "a.b", "a b", "-a", "a-", "ä", String(repeating: "a", count: 33), "a\"b"]
    {
      #expect(throws: Failure.self) { try VirtualNetwork.checked(name: name) }
    }
    #expect(throws: Failure.self) { try MachineName.checked(String(repeating: "a", count: 64)) }
    #expect(throws: Never.self) { try MachineName.checked("Web-1") }
  }
}
