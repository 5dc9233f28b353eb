/// What is done to a host for a network, in order. Pure: `net up --print` shows what `net up` does.
struct NetworkPlan {
  let network: VirtualNetwork
  let state: StateFolder

  private var folder: String { state.folder(ofNetwork: network.name) }
  private var bridge: String { network.bridge }
  private var daemon: Daemon { state.dnsmasq(of: network) }

  /// What brings the network up.
  ///
  /// - Parameters:
  ///   - sysctls: what the host's are.
  ///   - noted: what they were before the networks that are up.
  ///   - admissions: what has others let pass what our table accepts.
  ///   - dnsmasqUser: the user that dnsmasq runs as; nil: its own choice.
  func up(
    _ sysctls: Forwarding, noted: [Forwarding.Note] = [], admissions: [Step] = [], dnsmasqUser: String?
  ) -> [Step] {
    state.steps + [
      .makeFolder(folder),
      .write(path: state.record(ofNetwork: network.name), text: StateFolder.json(network)),
    ]
      + sysctls.enable(notes: state.sysctls, earlier: noted) + makeBridge + [makeTable]
      + admissions
      + [
        .write(path: state.reservations(ofNetwork: network.name), text: ""),
        startDNSMasq(user: dnsmasqUser),
      ]
  }

  /// The way back. Of what it names only what is there may be given.
  ///
  /// - Parameter isLast: whether no other network needs forwarding.
  func down(_ present: PresentParts, isLast: Bool) -> [Step] {
    var steps: [Step] = []
    if present.hasDaemon { steps.append(.stop(daemon)) }
    steps += present.admissions
    if present.hasTable { steps.append(.run(HostCommand(.nft, ["delete", "table", "inet", network.table]))) }
    if present.hasBridge {
      steps.append(.run(HostCommand(.ip, ["link", "delete", bridge, "type", "bridge"])))
    }
    if isLast { steps += present.notedSysctls + [.remove(path: state.sysctls)] }
    return steps + [.remove(path: folder)]
  }

  private var makeBridge: [Step] {
    var steps: [Step] = [
      ip("link", "add", bridge, "address", "\(network.bridgeMAC)", "type", "bridge"),
      ip("address", "add", "\(network.gateway)/\(network.subnet.length)", "dev", bridge),
    ]
    if let gateway6 = network.gateway6 {
      // A guest must not teach this host routes.
      steps.append(.set(path: "/proc/sys/net/ipv6/conf/\(bridge)/accept_ra", value: "0"))
      steps.append(ip("-6", "address", "add", "\(gateway6)/64", "dev", bridge, "nodad"))
    }
    // Published ports are there at 127.0.0.1 too; the chain "guard" keeps guests from it, in either direction.
    steps.append(.set(path: "/proc/sys/net/ipv4/conf/\(bridge)/route_localnet", value: "1"))
    return steps + [ip("link", "set", bridge, "up")]
  }

  private func ip(_ arguments: String...) -> Step { .run(HostCommand(.ip, arguments)) }

  var makeTable: Step {
    .run(HostCommand(.nft, ["-f", "-"], input: Ruleset.script(network)))
  }

  /// The last of the steps: its file with a number says that the network was whole once.
  func startDNSMasq(user: String?) -> Step {
    let (first, last) = (network.guests.lowerBound, network.guests.upperBound)
    var arguments = [
      // Nothing of a dnsmasq that the host may have for itself.
      "--conf-file=/dev/null", "--no-hosts",
      "--pid-file=\(daemon.pidFile)",
      "--dhcp-leasefile=\(state.leases(ofNetwork: network.name))",
      "--dhcp-hostsfile=\(state.reservations(ofNetwork: network.name))",
      // Heard on the bridge alone.
      "--interface=\(bridge)", "--except-interface=lo", "--bind-dynamic",
      "--dhcp-range=\(first),\(last),\(network.subnet.netmask),1h",
      "--dhcp-lease-max=\(last.value - first.value + 1)", "--dhcp-authoritative",
      // A guest has the name that its machine was given, not one that it claims.
      "--dhcp-ignore-names", "--local=//", "--strict-order",
    ]
    if let prefix = network.prefix6 {
      arguments += ["--enable-ra", "--dhcp-range=\(prefix)::1000,\(prefix)::ffff,slaac,64,1h"]
    }
    if let user { arguments.append("--user=\(user)") }
    // Where there is no way out, guests are told of none.
    if network.isIsolated { arguments += ["--dhcp-option=option:router", "--ra-param=\(bridge),60,0"] }
    return .start(daemon, HostCommand(.dnsmasq, arguments))
  }
}

/// What there is of a network that goes down.
struct PresentParts {
  var hasDaemon = false
  var hasTable = false
  var hasBridge = false
  /// What takes back those of others' rules that let it pass.
  var admissions: [Step] = []
  var notedSysctls: [Step] = []
}
