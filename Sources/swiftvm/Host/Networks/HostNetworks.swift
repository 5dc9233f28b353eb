internal import CLinux

/// The virtual networks of this host: brought up, taken down and put right. Whoever changes something holds the
/// state folder's lock.
struct HostNetworks {
  let state: StateFolder
  let log: (String) -> Void

  /// Ends with an error where one of the programs is missing, before anything is done.
  static func requirePrograms() throws(Failure) {
    for program in HostProgram.ofNetworks { _ = try program.find() }
  }

  // MARK: Up

  /// A network that can be brought up: names and addresses that nobody has.
  func choose(
    _ name: String, subnet wanted: IPv4Subnet?, isIsolated: Bool, isTransient: Bool
  ) throws(Failure) -> VirtualNetwork {
    let host = try HostInterfaces.ofThisHost()
    let others = state.virtualNetworks()
    let subnet = try Self.subnet(wanted, beside: others, on: host)
    let hasIPv6 = SystemFile.text("/proc/sys/net/ipv6/conf/default/disable_ipv6")?.hasPrefix("0") == true
    return VirtualNetwork(
      name: name, bridge: host.freeName("svbr", taken: others.map(\.bridge)), subnet: subnet,
      prefix6: hasIPv6
        ? VirtualNetwork.prefix6(host: SystemFile.text("/etc/machine-id") ?? "", name: name) : nil,
      isIsolated: isIsolated, isTransient: isTransient)
  }

  /// The subnet that is wanted, or one that nobody has.
  static func subnet(
    _ wanted: IPv4Subnet?, beside others: [VirtualNetwork], on host: HostInterfaces
  ) throws(Failure) -> IPv4Subnet {
    func user(of subnet: IPv4Subnet) -> String? {
      others.first { $0.subnet.overlaps(subnet) }.map { "network \($0.name) has \($0.subnet)" }
        ?? host.user(of: subnet)
    }
    func free(_ subnets: [IPv4Subnet]) -> IPv4Subnet? { subnets.first { user(of: $0) == nil } }
    var problem = "every subnet of 192.168.0.0/16 is in use on this host"
    if let wanted {
      guard let user = user(of: wanted) else { return wanted }
      problem = "--subnet \(wanted) is in use: \(user)"
    } else if let usual = free(VirtualNetwork.usualSubnets) {
      return usual
    }
    let proposal = free(VirtualNetwork.usualSubnets) ?? free(VirtualNetwork.otherSubnets)
    throw Failure(
      .usage, problem,
      hint: "name a free one" + (proposal.map { ": `swiftvm net up --subnet \($0)`" } ?? ""))
  }

  func stepsUp(_ network: VirtualNetwork) throws(Failure) -> [Step] {
    let ruleset = try ruleset()
    var admissions = ForeignChain.dropping(in: ruleset).map { $0.admit(network) }
    if let firewalld = Firewalld(network, ruleset: ruleset) {
      let steps = firewalld.admit()
      if steps == nil { firewalld.warn() }
      admissions += steps ?? []
    }
    return NetworkPlan(network: network, state: state).up(
      Forwarding.ofThisHost(), noted: state.read(state.sysctls) ?? [], admissions: admissions,
      dnsmasqUser: Self.dnsmasqUser)
  }

  /// Brings a network up, or leaves nothing of it.
  func bringUp(_ network: VirtualNetwork) throws(Failure) {
    do throws(Failure) {
      for step in try stepsUp(network) {
        log(step.shellText)
        try step.perform()
      }
    } catch {
      try? takeDown(network)
      throw error
    }
  }

  // MARK: Down

  func stepsDown(_ network: VirtualNetwork) throws(Failure) -> [Step] {
    let ruleset = try ruleset()
    var present = PresentParts()
    present.hasDaemon = state.dnsmasq(of: network).id != nil
    present.hasTable = ForeignChain.hasTable(network.table, in: ruleset)
    present.hasBridge = try HostInterfaces.ofThisHost()[network.bridge] != nil
    present.admissions =
      ForeignChain.admissions(of: network, in: ruleset).map { $0.delete() }
      + (Firewalld(network, ruleset: ruleset)?.forget() ?? [])
    let isLast = !state.virtualNetworks().contains { $0.name != network.name }
    if isLast { present.notedSysctls = Forwarding.restore(state.read(state.sysctls) ?? []) }
    return NetworkPlan(network: network, state: state).down(present, isLast: isLast)
  }

  /// Takes away all of a network that is there, and goes on where something of it cannot be.
  func takeDown(_ network: VirtualNetwork) throws(Failure) {
    var failure: Failure?
    for step in try stepsDown(network) {
      log(step.shellText)
      do throws(Failure) {
        try step.perform()
      } catch {
        failure = failure ?? error
      }
    }
    if let failure { throw failure }
  }

  // MARK: Right

  /// The machines that run, and that have a card on `network` where one is given.
  func machines(on network: String? = nil) -> [MachineRecord] {
    state.machineRecords().filter { machine in
      machine.process.isAlive && (network == nil || machine.cards.contains { $0.network == network })
    }
  }

  /// Removes what dead machines left, and mends networks that lost a part.
  func sweep() throws(Failure) {
    let dead = state.machineRecords().filter { !$0.process.isAlive }
    for machine in dead { log("removing what \(machine.name) left") }
    for name in StateFile.names(in: state.networks) {
      guard let network = state.network(name) else {
        StateFile.remove(state.folder(ofNetwork: name))
        continue
      }
      try mend(network, after: dead.filter { machine in machine.cards.contains { $0.network == name } })
    }
    if StateFile.names(in: state.networks).isEmpty, let notes: [Forwarding.Note] = state.read(state.sysctls) {
      for step in Forwarding.restore(notes) + [.remove(path: state.sysctls)] { try step.perform() }
    }
    // Last, so that whoever comes after a sudden end does the same again.
    for machine in dead { StateFile.remove(state.record(ofMachine: machine.name)) }
    state.removeHalfWritten()
  }

  private func mend(_ network: VirtualNetwork, after dead: [MachineRecord]) throws(Failure) {
    // Its maker did not come to the end, or somebody took the bridge away. A dnsmasq that was asked to end may have
    // taken its file along.
    let isUsed = !machines(on: network.name).isEmpty
    let isWhole = isUsed || SystemFile.exists(state.dnsmasq(of: network).pidFile)
    let hasBridge = try HostInterfaces.ofThisHost()[network.bridge] != nil
    if !isWhole || !hasBridge || (network.isTransient && !isUsed) {
      log("taking down what is left of network \(network.name)")
      return try takeDown(network)
    }
    let plan = NetworkPlan(network: network, state: state)
    let ruleset = try ruleset()
    var steps: [Step] = []
    let hasTable = ForeignChain.hasTable(network.table, in: ruleset)
    if !hasTable { steps.append(plan.makeTable) }
    let admitting = ForeignChain.admissions(of: network, in: ruleset).map(\.chain)
    for chain in ForeignChain.dropping(in: ruleset)
    where !admitting.contains(where: { chain.isSamePlace(as: $0) }) {
      steps.append(chain.admit(network))
    }
    steps += Firewalld(network, ruleset: ruleset)?.admit() ?? []
    if state.dnsmasq(of: network).id == nil { steps.append(plan.startDNSMasq(user: Self.dnsmasqUser)) }
    for step in steps {
      log("mending network \(network.name): \(step.shellText)")
      try step.perform()
    }
    if !hasTable || !dead.isEmpty {
      try settle(network, publishing: !hasTable || dead.contains { !$0.published.isEmpty })
    }
  }

  /// Has the network's parts know the machines that are on it.
  ///
  /// - Parameter publishing: whether their published ports may have changed.
  func settle(_ network: VirtualNetwork, publishing: Bool) throws(Failure) {
    let machines = machines(on: network.name)
    let path = state.reservations(ofNetwork: network.name)
    let lines = Reservations.text(of: machines, on: network.name)
    if lines != SystemFile.text(path) {
      try StateFile.write(lines, to: path)
      state.dnsmasq(of: network).reload()
    }
    if publishing {
      try HostCommand(.nft, ["-f", "-"], input: Ruleset.script(network, publishing: machines)).check()
    }
  }

  private func ruleset() throws(Failure) -> String {
    try HostCommand(.nft, ["-j", "list", "ruleset"]).check()
  }

  /// Where it has a user of its own, not that of everybody who is nobody.
  private static var dnsmasqUser: String? {
    geteuid() == 0 && Daemon.userID(named: "dnsmasq") != nil ? "dnsmasq" : nil
  }
}

extension ForeignChain {
  /// Whether it is the same chain, by whichever hook it was found.
  func isSamePlace(as other: ForeignChain) -> Bool {
    (family, table, chain) == (other.family, other.table, other.chain)
  }
}
