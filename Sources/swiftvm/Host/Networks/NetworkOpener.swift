internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// A network card of a machine, opened.
struct OpenedCard: Sendable {
  /// Its key in the machine's specification.
  let key: String
  let backend: NetBackend
  let mac: MACAddress
  let mtu: Int?
}

/// Opens what network cards stand on: TAPs and the kernel's workers, and passt.
struct NetworkOpener {
  let log: VerboseLog
  /// What addresses are derived from; nil: the name of what the card stands on.
  let machineName: String?
  /// Whether nobody wants the machine any more.
  let isCancelled: () -> Bool

  /// Starts what a card of user networking stands on.
  func openUser(
    _ card: CardWish, index: Int, publishing ports: [PublishedPort]
  ) throws(Failure) -> (network: UserNetwork, card: OpenedCard) {
    let mac = card.mac ?? derivedAddress("\(card.source)", index: index)
    let mtu = card.mtu ?? UserNetwork.mtu
    let network = try UserNetwork(mtu: mtu, mac: mac, publishing: ports, isCancelled: isCancelled)
    log("\(card.source): passt, mac=\(mac), mtu=\(mtu), \(UserNetwork.address) by DHCP")
    let key = MachinePlan.key(ofCard: index)
    return (network, OpenedCard(key: key, backend: NetBackend(.stream(network.stream)), mac: mac, mtu: mtu))
  }

  /// Opens a card that stands on a TAP.
  ///
  /// - Parameter bridge: the bridge that a TAP of our own making joins; nil where the card names its TAP.
  func open(
    _ card: CardWish, index: Int, joining bridge: HostInterfaces.Interface? = nil
  ) throws(Failure) -> OpenedCard {
    let tap: Tap
    do throws(TapError) {
      switch card.source {
      case .tap(let name): tap = try .open(name, queues: card.queues)
      case .descriptor(let number): tap = try .takeOver(number)
      case .nat, .bridge, .user: tap = try Self.fresh(queues: card.queues)
      }
    } catch {
      throw Failure(error)
    }
    // A bridge's MTU follows the smallest of its ports: ours must not lower it.
    let mtu = try settleMTU(of: tap, card.mtu ?? bridge?.mtu)
    if let name = bridge?.ifname {
      try HostCommand(.ip, ["link", "set", tap.name, "master", name, "up"]).check()
    }
    let vhost = try openWorkers(card, tap)
    let mac = card.mac ?? derivedAddress(tap.name, index: index)
    let path = vhost.isEmpty ? "frames go through this process" : "vhost-net"
    log("\(card.source): \(tap.name), mac=\(mac), mtu=\(mtu.map(String.init) ?? "unknown"), \(path)")
    return OpenedCard(
      key: MachinePlan.key(ofCard: index), backend: NetBackend(.tap(tap), vhost: vhost), mac: mac, mtu: mtu)
  }

  /// A TAP that nobody has, nor takes meanwhile: an existing one is another machine's, or it would be gone.
  private static func fresh(queues: Int) throws(TapError) -> Tap {
    for number in 0..<4096 {
      let name = "svtap\(number)"
      // The call keeps nothing of the name.
      if unsafe chost_has_interface(name) != 0 { continue }
      do throws(TapError) {
        return try .open(name, queues: queues)
      } catch {
        if case .busy = error { continue }
        throw error
      }
    }
    throw .busy("svtap")
  }

  private func derivedAddress(_ name: String, index: Int) -> MACAddress {
    let names = machineName.map { ["machine", $0] } ?? [name]
    return MACAddress(derivedFrom: [Self.machineID] + names + ["\(index)"])
  }

  /// Keeps the same TAP name on two hosts from giving the same address.
  private static var machineID: String {
    guard let bytes = try? InputFile.contents(of: "/etc/machine-id", what: "machine ID") else { return "" }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The MTU that the guest is told, which the interface gets too where it has another.
  private func settleMTU(of tap: Tap, _ wanted: Int?) throws(Failure) -> Int? {
    let present = tap.mtu
    guard let wanted else {
      return present.flatMap { MachineSpec.Card.mtus.contains($0) ? $0 : nil }
    }
    guard let present, present != wanted else { return wanted }
    do throws(Errno) {
      try tap.setMTU(wanted)
    } catch {
      throw Failure(
        .usage, "\(tap.name): its MTU is \(present) and cannot be set to \(wanted): \(error)",
        hint: "`sudo ip link set \(tap.name) mtu \(wanted)`, or leave mtu out")
    }
    return wanted
  }

  private func openWorkers(_ card: CardWish, _ tap: Tap) throws(Failure) -> [VhostNet] {
    guard card.vhost != .off else { return [] }
    do throws(Errno) {
      var workers: [VhostNet] = []
      for _ in 0..<card.queues { workers.append(try VhostNet()) }
      return workers
    } catch {
      guard card.vhost == .on else {
        log("\(card.source): \(VhostNet.devicePath): \(error); doing without")
        return []
      }
      throw Failure(
        .hostNotAble, "\(NetworkOption.name) \(card.source): \(VhostNet.devicePath): \(error)",
        hint: error == .permissionDenied
          ? "it must be readable and writable by you, or leave vhost=on out"
          : "`sudo modprobe vhost_net`, or leave vhost=on out")
    }
  }
}

extension Failure {
  init(_ error: TapError) {
    let option = NetworkOption.name
    let status: ExitStatus
    let message: String
    let hint: String?
    switch error {
    case .nameTooLong(let name):
      (status, message) = (.usage, "\(option): tap=\(name): a name has 1 to \(Tap.longestName) bytes")
      hint = "`ip tuntap list` shows the TAPs that there are"
    case .badName(let name):
      (status, message) = (.usage, "\(option): tap=\(name): no interface can have this name")
      hint = "leave out spaces, slashes and per cent signs"
    case .missing(let name):
      (status, message) = (.usage, "\(option): there is no TAP \(name), and you may not make one")
      hint = "`sudo ip tuntap add \(name) mode tap user $USER && sudo ip link set \(name) up`"
    case .notPermitted(let name):
      (status, message) = (.usage, "\(option): the TAP \(name) is not yours")
      hint = "its owner is set when it is made: `ip tuntap add \(name) mode tap user $USER`"
    case .busy(let name):
      (status, message) = (.usage, "\(option): another process uses the TAP \(name)")
      hint = "each card needs a TAP of its own; `grep -l \(name) /proc/*/fdinfo/*` shows who has it"
    case .queueMismatch(let name, true):
      (status, message) = (.usage, "\(option): the TAP \(name) was made with multi_queue")
      hint = "give queues=2 or more, or make it without multi_queue"
    case .queueMismatch(let name, false):
      (status, message) = (.usage, "\(option): the TAP \(name) was made for one queue")
      hint = "leave queues out, or make it anew: `ip tuntap add \(name) mode tap multi_queue`"
    case .otherInterface(let name):
      (status, message) = (.usage, "\(option): \(name) is an interface, but no TAP")
      hint = "a TAP that is a port of the same bridge reaches it"
    case .tooManyQueues(let name, let limit):
      (status, message) = (.usage, "\(option): the TAP \(name) gives \(limit) queues and no more")
      hint = "give queues=\(limit) or fewer"
    case .notOpen(let number):
      (status, message) = (.usage, "\(option): fd=\(number) is not open")
      hint = "whoever starts swiftvm must leave it open: `swiftvm run ... 3<>...`"
    case .notTap(let number):
      (status, message) = (.usage, "\(option): fd=\(number) is no TAP")
      hint = "open /dev/net/tun and attach it with TUNSETIFF first"
    case .noHeader(let number):
      (status, message) = (.usage, "\(option): the TAP of fd=\(number) has the wrong flags")
      hint = "attach it with IFF_TAP, IFF_NO_PI and IFF_VNET_HDR"
    case .host(let what, let errno):
      (status, message) = (.hostNotAble, "\(option): \(what): \(errno)")
      hint = errno == .noSuchFileOrDirectory ? "`sudo modprobe tun`" : InputFile.hint(for: errno)
    }
    self.init(status, message, hint: hint)
  }
}
