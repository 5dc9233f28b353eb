internal import ArgumentParser

struct NetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "net",
    abstract: "Make, show and remove virtual networks that outlive a machine.",
    discussion: """
      swiftvm net up
      swiftvm net up --name lab --subnet 10.77.0.0/24 --isolate
      swiftvm net up --print
      swiftvm net down --name lab
      """,
    subcommands: [Up.self, Down.self, Status.self, List.self])

  struct Name: ParsableArguments {
    @Option(help: ArgumentHelp("The network's name", valueName: "name"))
    var name = VirtualNetwork.defaultName

    func checked() throws(Failure) -> String { try VirtualNetwork.checked(name: name) }
  }

  /// What an administrator's commands work with.
  static func networks(_ what: String) throws(Failure) -> HostNetworks {
    try Privilege.require(forCommand: what)
    try HostNetworks.requirePrograms()
    guard let state = StateFolder.own else {
      throw Failure(.hostNotAble, "\(what): XDG_RUNTIME_DIR is not set", hint: "run it with sudo")
    }
    return HostNetworks(state: state) { _ in }
  }

  struct Up: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Bring a network up.")

    @OptionGroup var name: Name

    @Option(help: ArgumentHelp("IPv4 subnet (192.168.122.0/24, or the next free one)", valueName: "subnet"))
    var subnet: String?

    @Flag(help: "Guests reach each other and the host, and nobody else")
    var isolate = false

    @Flag(help: "Show every command and rule instead")
    var print = false

    func run() throws {
      let name = try name.checked()
      let subnet = try subnet.map { text throws(Failure) in try VirtualNetwork.checked(subnet: text) }
      let networks = try NetCommand.networks("net up")
      if print {
        guard networks.state.network(name) == nil else { return Swift.print("# network \(name) is up") }
        let network = try networks.choose(name, subnet: subnet, isIsolated: isolate, isTransient: false)
        for step in try networks.stepsUp(network) { Swift.print(step.shellText) }
        return
      }
      let network = try networks.state.locked { () throws(Failure) in
        try networks.sweep()
        return try bringUp(name, subnet, networks)
      }
      Swift.print("network \(network.name): \(NetCommand.summary(network))")
    }

    private func bringUp(
      _ name: String, _ subnet: IPv4Subnet?, _ networks: HostNetworks
    ) throws(Failure) -> VirtualNetwork {
      guard var present = networks.state.network(name) else {
        let network = try networks.choose(name, subnet: subnet, isIsolated: isolate, isTransient: false)
        try networks.bringUp(network)
        return network
      }
      guard subnet == nil || subnet == present.subnet, !isolate || present.isIsolated else {
        throw Failure(
          .usage, "network \(name) is up already, and different: \(NetCommand.summary(present))",
          hint: "`swiftvm net down --name \(name)` first")
      }
      // A machine brought it up; from here on it stays.
      present.isTransient = false
      try StateFile.write(StateFolder.json(present), to: networks.state.record(ofNetwork: name))
      return present
    }
  }

  struct Down: ParsableCommand {
    static let configuration = CommandConfiguration(abstract: "Take a network down.")

    @OptionGroup var name: Name

    @Flag(help: "Also where machines use it")
    var force = false

    @Flag(help: "Show every command instead")
    var print = false

    func run() throws {
      let name = try name.checked()
      let networks = try NetCommand.networks("net down")
      if print {
        for step in try networks.stepsDown(try find(name, networks)) { Swift.print(step.shellText) }
        return
      }
      try networks.state.locked { () throws(Failure) in
        try networks.sweep()
        let network = try find(name, networks)
        let users = networks.machines(on: name).map { "\($0.name) (process \($0.process.id))" }
        guard users.isEmpty || force else {
          throw Failure(
            .usage, "network \(name) is in use by \(users.joined(separator: ", "))",
            hint: "end them first, or cut them off with --force")
        }
        try networks.takeDown(network)
      }
      Swift.print("network \(name): down")
    }

    private func find(_ name: String, _ networks: HostNetworks) throws(Failure) -> VirtualNetwork {
      if let network = networks.state.network(name) { return network }
      throw Failure(
        .usage, "there is no network \(name)", hint: "`swiftvm net list` shows those that there are")
    }
  }

  /// A network on a line.
  static func summary(_ network: VirtualNetwork) -> String {
    var text = "bridge \(network.bridge), \(network.subnet)"
    if let prefix = network.prefix6 { text += ", \(prefix)::/64" }
    if network.isIsolated { text += ", isolated" }
    if network.isTransient { text += ", until its last machine ends" }
    return text
  }
}
