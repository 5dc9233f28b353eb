internal import Devices
internal import Hypervisor
internal import SystemPackage

/// What the host has of a machine while it runs: its record, its cards' places in networks, its published ports.
final class MachinePresence: Companion {
  /// The machine's network cards.
  private(set) var cards: [OpenedCard] = []
  /// What other commands call the machine; nil: they do not know of it.
  private(set) var name: String?
  private let log: VerboseLog
  private let hostNetworks: HostNetworks?
  private var record: MachineRecord?
  private var users: [UserNetwork] = []
  private var ports: [HeldPort] = []
  private let isOnHostNetwork: Bool
  /// Whether others know of the machine: the record of its name is ours.
  private var isRecorded = false
  private let isCancelled: () -> Bool

  /// Opens the cards, and tells other commands of the machine.
  ///
  /// - Parameter isCancelled: asked now and then: whether nobody wants the machine any more.
  init(
    of plan: MachinePlan, on loop: EventLoop, log: VerboseLog, isCancelled: @escaping () -> Bool
  ) throws(Failure) {
    self.log = log
    self.isCancelled = isCancelled
    let state = StateFolder.own
    hostNetworks = state.map { HostNetworks(state: $0) { text in log("network: \(text)") } }
    let onHost = plan.cards.filter(\.isOnHostNetwork)
    isOnHostNetwork = !onHost.isEmpty
    if let card = onHost.first {
      try Privilege.require(forCard: card.source)
      if onHost.contains(where: \.isNAT) { try HostNetworks.requirePrograms() }
    }
    do throws(Failure) {
      guard let hostNetworks else {
        throw Failure(
          .hostNotAble, "XDG_RUNTIME_DIR is not set: there is no place for what other commands should know",
          hint: "log in anew, or `export XDG_RUNTIME_DIR=/run/user/$(id -u)`")
      }
      try hostNetworks.state.locked(isCancelled: isCancelled) { () throws(Failure) in
        try enter(plan, hostNetworks)
      }
    } catch {
      // A machine that needs nothing of it runs without.
      guard error.status == .hostNotAble, onHost.isEmpty, plan.name == nil, record == nil else {
        end()
        throw error
      }
      log("\(error.message); other commands will not know of this machine")
      name = nil
    }
    do throws(Failure) {
      if record == nil { try openPlainly(plan) }
      // Tells people where a card loses its network.
      for user in users { try hosted("the event loop") { () throws(Errno) in try user.watch(on: loop) } }
    } catch {
      end()
      throw error
    }
  }

  /// Writes down which pseudo terminals the consoles are.
  func note(_ consoles: Consoles) {
    guard consoles.hasPseudoTerminal, var record, let hostNetworks else { return }
    record.console = consoles.serial.place
    record.virtioConsole = consoles.virtio?.place
    self.record = record
    do throws(Failure) {
      try hostNetworks.state.locked { () throws(Failure) in try write(record, hostNetworks) }
    } catch {
      log("\(error.message); other commands will not know of its pseudo terminal")
    }
  }

  /// Takes all of it back.
  func end() {
    cards = []
    for user in users { user.end() }
    users = []
    ports = []
    guard isRecorded, let record, let hostNetworks else { return }
    (self.record, isRecorded) = (nil, false)
    // Nobody else removes what a living process wrote: no lock is needed, nor a descriptor for it.
    guard isOnHostNetwork else { return StateFile.remove(hostNetworks.state.record(ofMachine: record.name)) }
    do throws(Failure) {
      try hostNetworks.state.locked { () throws(Failure) in
        // Dead to everybody, and not forgotten before all of it is taken back.
        try write(record.ended, hostNetworks)
        try hostNetworks.sweep()
      }
    } catch {
      StandardError.warn("\(error.message); the next swiftvm command tries again")
    }
  }

  // MARK: With the lock

  private func enter(_ plan: MachinePlan, _ host: HostNetworks) throws(Failure) {
    // A machine without networks starts without looking at those of others, unless one had its name.
    let namesake = plan.name.flatMap { host.state.machine($0) }
    if isOnHostNetwork || namesake?.isToBeSwept == true { try host.sweep() }
    let name = try chooseName(plan.name, host.state)
    self.name = name
    guard let process = ProcessIdentity.own else {
      throw Failure(.hostNotAble, "/proc/self/stat cannot be read", hint: "mount /proc")
    }
    if !plan.published.isEmpty { try hold(plan, host.machines()) }
    var record = MachineRecord(
      name: name, process: process, cpus: plan.cpus, memory: plan.memory, console: plan.serial.place,
      virtioConsole: plan.console?.place, published: plan.published.map { "\($0)" })
    self.record = record
    for (index, card) in plan.cards.enumerated() {
      guard !isCancelled() else { throw .cancelled }
      // What is done to the host is written down first, so that whoever comes after a sudden end finds it.
      if card.isOnHostNetwork { try write(record, host) }
      record.cards.append(try open(card, index, record, plan, host))
      self.record = record
    }
    try write(record, host)
    for name in Set(record.cards.compactMap(\.network)).sorted() {
      guard let network = host.state.network(name) else { continue }
      try host.settle(network, publishing: record.publishedCard?.network == name)
    }
  }

  private func write(_ record: MachineRecord, _ host: HostNetworks) throws(Failure) {
    try StateFile.write(record.text, to: host.state.record(ofMachine: record.name))
    isRecorded = true
  }

  private func chooseName(_ wanted: String?, _ state: StateFolder) throws(Failure) -> String {
    guard let wanted else {
      // Records are not read for this. One that a dead machine left keeps its name until it is swept away.
      let taken = Set(StateFile.names(in: state.machines))
      var number = 1
      while taken.contains("vm\(number).json") { number += 1 }
      return "vm\(number)"
    }
    if let other = state.machine(wanted), other.process.isAlive {
      throw Failure(
        .usage, "--name \(wanted): a machine of this name runs (process \(other.process.id))",
        hint: "`swiftvm list` shows the names that are taken")
    }
    return wanted
  }

  /// Sees that the published ports can be had, and keeps them where nobody else does.
  private func hold(_ plan: MachinePlan, _ running: [MachineRecord]) throws(Failure) {
    for port in plan.published {
      for machine in running {
        let theirs = machine.published.compactMap { try? PublishOption.parse($0) }
        guard theirs.contains(where: port.collides) else { continue }
        throw Failure(
          .usage,
          "--publish \(port): port \(port.hostPort)/\(port.transport.rawValue) is published by machine \(machine.name)",
          hint: "take another port of the host")
      }
      let held = try HeldPort(port)
      // passt will have them itself.
      if let card = plan.publishingCard, plan.cards[card].isNAT { ports.append(held) }
    }
  }

  private func open(
    _ card: CardWish, _ index: Int, _ record: MachineRecord, _ plan: MachinePlan,
    _ host: HostNetworks
  ) throws(Failure) -> MachineRecord.Card {
    let hasName = plan.name != nil || card.isOnHostNetwork
    let opener = NetworkOpener(
      log: log, machineName: hasName ? record.name : nil, isCancelled: isCancelled)
    if card.source == .user { return try openUser(card, index, plan, opener) }
    var network: VirtualNetwork?
    var bridge: HostInterfaces.Interface?
    switch card.source {
    case .nat(let name):
      let present = try self.network(name, host)
      network = present
      bridge = try HostInterfaces.ofThisHost()[present.bridge]
    case .bridge(let name):
      bridge = try Self.bridge(name)
    case .tap, .descriptor, .user: break
    }
    let opened = try opener.open(card, index: index, joining: bridge)
    cards.append(opened)
    return MachineRecord.Card(
      source: "\(card.source)", network: network?.name, bridge: bridge?.ifname,
      interface: opened.backend.port.name,
      mac: "\(opened.mac)",
      address: try network.map { network throws(Failure) in
        try address(for: opened.mac, in: network, beside: record, host)
      })
  }

  private func openUser(
    _ card: CardWish, _ index: Int, _ plan: MachinePlan, _ opener: NetworkOpener
  ) throws(Failure) -> MachineRecord.Card {
    let ports = plan.publishingCard == index ? plan.published : []
    let (network, opened) = try opener.openUser(card, index: index, publishing: ports)
    users.append(network)
    cards.append(opened)
    return MachineRecord.Card(
      source: "\(card.source)", network: nil, bridge: nil, interface: opened.backend.port.name,
      mac: "\(opened.mac)",
      address: UserNetwork.address)
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

  private func openPlainly(_ plan: MachinePlan) throws(Failure) {
    let opener = NetworkOpener(log: log, machineName: nil, isCancelled: isCancelled)
    try hold(plan, [])
    for (index, card) in plan.cards.enumerated() {
      if card.source == .user {
        _ = try openUser(card, index, plan, opener)
      } else {
        cards.append(try opener.open(card, index: index))
      }
    }
  }
}

extension CardWish {
  /// Whether its TAP is ours to make and to join to a bridge.
  var isOnHostNetwork: Bool {
    switch source {
    case .nat, .bridge: true
    case .tap, .descriptor, .user: false
    }
  }

  var isNAT: Bool { if case .nat = source { true } else { false } }
}
