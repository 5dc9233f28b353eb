internal import ArgumentParser

extension NetCommand {
  struct Status: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show a network and who is on it.")

    @OptionGroup var name: Name

    @Flag(help: "Print it as JSON")
    var json = false

    func run() throws {
      let name = try name.checked()
      guard let report = NetworkReport.all().first(where: { $0.network.name == name }) else {
        throw Failure(
          .usage, "there is no network \(name)", hint: "`sudo swiftvm net up --name \(name)` makes it")
      }
      guard !json else { return Swift.print(StateFolder.json(report), terminator: "") }
      Swift.print("network \(name): \(NetCommand.summary(report.network))")
      Swift.print(
        "gateway: \(([("\(report.network.gateway)")] + [report.network.gateway6].compactMap { $0 }).joined(separator: ", "))"
      )
      Swift.print(
        "dnsmasq: \(report.dnsmasq.map { "process \($0)" } ?? "not running; the next command starts it")")
      for machine in report.machines {
        let cards = machine.cards.filter { $0.network == name }
        let addresses = cards.map { "\($0.mac) \($0.address.map { "\($0)" } ?? "")" }
        let ports =
          machine.published.isEmpty ? "" : ", publishes \(machine.published.joined(separator: ", "))"
        Swift.print("machine \(machine.name): \(addresses.joined(separator: ", "))\(ports)")
      }
    }
  }

  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Show the networks that there are.")

    @Flag(help: "Print them as JSON")
    var json = false

    func run() throws {
      let reports = NetworkReport.all()
      guard !json else { return Swift.print(StateFolder.json(reports), terminator: "") }
      for report in reports {
        let count = report.machines.count
        Swift.print("\(report.network.name): \(NetCommand.summary(report.network)), \(count) machine(s)")
      }
    }
  }
}

/// A network as it is shown.
struct NetworkReport: Encodable {
  let network: VirtualNetwork
  /// Its process; nil where it does not run.
  let dnsmasq: Int32?
  let machines: [MachineRecord]

  /// Those of this user and those of root, which everybody may see. Removes first what nobody uses, where this
  /// process may.
  static func all() -> [NetworkReport] {
    HostNetworks.visible().flatMap { networks in
      networks.state.virtualNetworks().map { network in
        NetworkReport(
          network: network, dnsmasq: networks.state.dnsmasq(of: network).id,
          machines: networks.machines(on: network.name))
      }
    }
  }
}

extension HostNetworks {
  /// What this user can see.
  static func visible() -> [HostNetworks] {
    var folders = [StateFolder.ofRoot]
    if let own = StateFolder.own, own.isOwn {
      if own.path != StateFolder.ofRoot.path { folders.append(own) }
      let networks = HostNetworks(state: own) { _ in }
      // Only shown: what cannot be mended now is not this command's failure.
      let maySweep = Privilege.coversNetworks || own.virtualNetworks().isEmpty
      if maySweep { try? own.locked { () throws(Failure) in try networks.sweep() } }
    }
    return folders.map { HostNetworks(state: $0) { _ in } }
  }
}
