internal import Devices
internal import Hypervisor

/// What the host has of a machine while it runs: its record, its cards' places in networks, its published ports.
final class MachinePresence {
  /// What the machine's network cards stand on.
  private(set) var networks: [NetBackend] = []
  private let log: VerboseLog
  private let hostNetworks: HostNetworks?
  private var record: MachineRecord?
  private var ports: [HeldPort] = []
  private let isOnHostNetwork: Bool

  /// Opens the cards, and tells other commands of the machine.
  init(of wish: VMConfiguration, log: VerboseLog) throws(Failure) {
    self.log = log
    let state = StateFolder.own
    hostNetworks = state.map { HostNetworks(state: $0) { text in log("network: \(text)") } }
    let onHost = wish.networks.filter(\.isOnHostNetwork)
    isOnHostNetwork = !onHost.isEmpty
    if let card = onHost.first {
      try Privilege.requireForNetworks("--net \(card.source)")
      if onHost.contains(where: \.isNAT) { try HostNetworks.requirePrograms() }
    }
    do throws(Failure) {
      guard let hostNetworks else {
        throw Failure(
          .hostNotAble, "XDG_RUNTIME_DIR is not set: there is no place for what other commands should know",
          hint: "log in anew, or `export XDG_RUNTIME_DIR=/run/user/$(id -u)`")
      }
      try hostNetworks.state.locked { () throws(Failure) in try enter(wish, hostNetworks) }
    } catch {
      // A machine that needs nothing of it runs without.
      guard error.status == .hostNotAble, onHost.isEmpty, wish.name == nil, record == nil else {
        end()
        throw error
      }
      log("\(error.message); other commands will not know of this machine")
      try openPlainly(wish)
    }
  }

  /// Takes all of it back.
  func end() {
    networks = []
    ports = []
    guard let record, let hostNetworks else { return }
    self.record = nil
    do throws(Failure) {
      try hostNetworks.state.locked { () throws(Failure) in
        guard isOnHostNetwork else {
          return StateFile.remove(hostNetworks.state.record(ofMachine: record.name))
        }
        // Dead to everybody, and not forgotten before all of it is taken back.
        try write(record.ended, hostNetworks)
        try hostNetworks.sweep()
      }
    } catch {
      StandardError.warn("\(error.message); the next swiftvm command tries again")
    }
  }

  // MARK: With the lock

  private func enter(_ wish: VMConfiguration, _ host: HostNetworks) throws(Failure) {
    // A machine without networks starts without looking at those of others, unless one had its name.
    let namesake = wish.name.flatMap { host.state.machine($0) }
    if isOnHostNetwork || namesake?.isToBeSwept == true { try host.sweep() }
    let name = try chooseName(wish.name, host.state)
    guard let process = ProcessIdentity.own else {
      throw Failure(.hostNotAble, "/proc/self/stat cannot be read", hint: "mount /proc")
    }
    for port in wish.published { ports.append(try hold(port, host.machines())) }
    var record = MachineRecord(
      name: name, process: process, cpus: wish.cpus, memory: wish.memory, console: "\(wish.serial)",
      published: wish.published.map { "\($0)" })
    // First, so that whoever comes after a sudden end finds it.
    self.record = record
    try write(record, host)
    for (index, card) in wish.networks.enumerated() {
      record.cards.append(try open(card, index, record, isNamed: wish.name != nil, host))
      self.record = record
      try write(record, host)
    }
    for name in Set(record.cards.compactMap(\.network)).sorted() {
      guard let network = host.state.network(name) else { continue }
      try host.settle(network, publishing: record.publishedCard?.network == name)
    }
  }

  private func write(_ record: MachineRecord, _ host: HostNetworks) throws(Failure) {
    try StateFile.write(record.text, to: host.state.record(ofMachine: record.name))
  }

  private func chooseName(_ wanted: String?, _ state: StateFolder) throws(Failure) -> String {
    guard let wanted else {
      var number = 1
      // The record of a dead one tells what it left in networks, until that is removed.
      while let other = state.machine("vm\(number)"), other.process.isAlive || other.isToBeSwept {
        number += 1
      }
      return "vm\(number)"
    }
    if let other = state.machine(wanted), other.process.isAlive {
      throw Failure(
        .usage, "--name \(wanted): a machine of this name runs (process \(other.process.id))",
        hint: "`swiftvm list` shows the names that are taken")
    }
    return wanted
  }

  private func hold(_ port: PublishedPort, _ running: [MachineRecord]) throws(Failure) -> HeldPort {
    for machine in running {
      let theirs = machine.published.compactMap { try? PublishOption.parse($0) }
      guard theirs.contains(where: port.collides) else { continue }
      throw Failure(
        .usage,
        "--publish \(port): port \(port.hostPort)/\(port.transport.rawValue) is published by machine \(machine.name)",
        hint: "take another port of the host")
    }
    return try HeldPort(port)
  }

  private func open(
    _ card: NetworkConfiguration, _ index: Int, _ record: MachineRecord, isNamed: Bool, _ host: HostNetworks
  ) throws(Failure) -> MachineRecord.Card {
    let opener = NetworkOpener(log: log, machineName: isNamed || card.isOnHostNetwork ? record.name : nil)
    var network: VirtualNetwork?
    var bridge: HostInterfaces.Interface?
    switch card.source {
    case .nat(let name):
      let present = try self.network(name, host)
      network = present
      bridge = try HostInterfaces.ofThisHost()[present.bridge]
    case .bridge(let name):
      bridge = try Self.bridge(name)
    case .tap, .descriptor: break
    }
    let backend = try opener.open(card, index: index, joining: bridge)
    networks.append(backend)
    return MachineRecord.Card(
      source: "\(card.source)", network: network?.name, bridge: bridge?.ifname, interface: backend.tap.name,
      mac: "\(backend.mac)",
      address: try network.map { network throws(Failure) in
        try address(for: backend.mac, in: network, beside: record, host)
      })
  }

  /// The network `name`; the default one is brought up where it is not.
  private func network(_ name: String, _ host: HostNetworks) throws(Failure) -> VirtualNetwork {
    if let network = host.state.network(name) { return network }
    guard name == VirtualNetwork.defaultName else {
      throw Failure(
        .usage, "--net nat=\(name): there is no network of this name",
        hint: "`sudo swiftvm net up --name \(name)` makes it; `swiftvm net list` shows those that there are")
    }
    let network = try host.choose(name, subnet: nil, isIsolated: false, isTransient: true)
    try host.bringUp(network)
    return network
  }

  private static func bridge(_ name: String) throws(Failure) -> HostInterfaces.Interface {
    let host = try HostInterfaces.ofThisHost()
    guard let interface = host[name] else {
      let bridges = host.all.filter(\.isBridge).compactMap(\.ifname)
      throw Failure(
        .usage, "--net bridge=\(name): there is no interface \(name)",
        hint: bridges.isEmpty
          ? "this host has no bridge; --net nat needs none"
          : "this host's bridges: \(bridges.joined(separator: ", "))")
    }
    guard interface.isBridge else {
      throw Failure(
        .usage, "--net bridge=\(name): \(name) is an interface, but no bridge",
        hint: interface.master.map { "it is a port of \($0): --net bridge=\($0)" }
          ?? "make a bridge with it in your distribution's network settings, or use --net nat")
    }
    return interface
  }

  private func address(
    for mac: MACAddress, in network: VirtualNetwork, beside record: MachineRecord, _ host: HostNetworks
  ) throws(Failure) -> IPv4Address {
    let cards = host.machines(on: network.name).flatMap(\.cards) + record.cards
    if let twin = cards.first(where: { $0.network == network.name && $0.mac == "\(mac)" }) {
      throw Failure(
        .usage, "mac=\(mac): another card on network \(network.name) has it, \(twin.interface)",
        hint: "leave mac out for one that nobody has")
    }
    let reserved = Set(cards.filter { $0.network == network.name }.compactMap(\.address))
    let leases = Reservations.leases(in: SystemFile.text(host.state.leases(ofNetwork: network.name)) ?? "")
    guard let address = Reservations.address(for: mac, in: network, reserved: reserved, leases: leases) else {
      throw Failure(
        .usage, "network \(network.name): all addresses of \(network.subnet) are given away",
        hint: "`swiftvm net up --name big --subnet 10.77.0.0/16` makes a larger one")
    }
    return address
  }

  private func openPlainly(_ wish: VMConfiguration) throws(Failure) {
    for (index, card) in wish.networks.enumerated() {
      networks.append(try NetworkOpener(log: log, machineName: nil).open(card, index: index))
    }
  }
}

extension NetworkConfiguration {
  /// Whether its TAP is ours to make and to join to a bridge.
  var isOnHostNetwork: Bool {
    switch source {
    case .nat, .bridge: true
    case .tap, .descriptor: false
    }
  }

  var isNAT: Bool { if case .nat = source { true } else { false } }
}
