internal import Devices
internal import Hypervisor

/// A network card that a person asked for.
struct CardWish: Hashable, Sendable {
  /// Where its frames go.
  enum Source: Hashable, Sendable {
    /// A TAP by name, made where there is none.
    case tap(String)
    /// A TAP that whoever started this process opened.
    case descriptor(Int32)
    /// A virtual network of the host, by name: addresses by DHCP, the world by masquerading.
    case nat(String)
    /// A bridge of the host, by name.
    case bridge(String)
    /// Sockets of an ordinary program of the host, which stands for the guest.
    case user

    /// Whether one card at most can stand on it.
    var isExclusive: Bool {
      switch self {
      case .tap, .descriptor: true
      case .nat, .bridge, .user: false
      }
    }
  }

  /// Whether the host's kernel moves the frames.
  enum VhostPolicy: String, Hashable, Sendable, CaseIterable {
    /// Where it can.
    case auto
    /// Or the machine is not started.
    case on
    case off
  }

  var source: Source
  /// Nil: one derived from the machine or the source.
  var mac: MACAddress?
  /// Nil: the interface's, or the largest.
  var mtu: Int?
  /// Pairs of queues.
  var queues = 1
  var vhost = VhostPolicy.auto
  /// How other commands call it.
  var id: String?

  init(_ source: Source) {
    self.source = source
  }
}

extension CardWish.Source: CustomStringConvertible {
  var description: String {
    switch self {
    case .tap(let name): "tap=\(name)"
    case .descriptor(let number): "fd=\(number)"
    case .nat(let name): "nat=\(name)"
    case .bridge(let name): "bridge=\(name)"
    case .user: "user"
    }
  }
}

/// Why a network card cannot be had.
enum CardError: Error, Hashable, Sendable {
  case nameTooLong(String)
  case mtu(Int)
  case queues(Int)
  case queuesOfDescriptor
  case queuesOfUser
  case vhostOfUser
  case multicast(MACAddress)
  case zeroAddress
  case sameSource(String)
  case sameID(String)
  case sameAddress(MACAddress)
}

extension CardWish {
  private static var mtus: ClosedRange<Int> { MachineSpec.Card.mtus }

  /// Checks the card by itself and against those before it.
  func check(after others: some Sequence<CardWish>) throws(CardError) {
    switch source {
    case .tap(let name):
      guard !name.isEmpty, name.utf8.count <= Tap.longestName else { throw .nameTooLong(name) }
    case .descriptor:
      guard queues == 1 else { throw .queuesOfDescriptor }
    case .user:
      guard queues == 1 else { throw .queuesOfUser }
      guard vhost != .on else { throw .vhostOfUser }
    // Only the host can tell whether it has them.
    case .nat, .bridge: break
    }
    if let mtu, !Self.mtus.contains(mtu) { throw .mtu(mtu) }
    guard (1...Tap.mostQueues).contains(queues) else { throw .queues(queues) }
    if let mac {
      guard !mac.isMulticast else { throw .multicast(mac) }
      guard !mac.isZero else { throw .zeroAddress }
    }
    for other in others {
      guard other.source != source || !source.isExclusive else { throw .sameSource("\(source)") }
      if let id, id == other.id { throw .sameID(id) }
      if let mac, mac == other.mac { throw .sameAddress(mac) }
    }
  }
}

extension CardError: CustomStringConvertible {
  var description: String {
    switch self {
    case .nameTooLong(let name): "tap=\(name): an interface's name has 1 to \(Tap.longestName) bytes"
    case .mtu(let value):
      "mtu=\(value): not from \(MachineSpec.Card.mtus.lowerBound) to \(MachineSpec.Card.mtus.upperBound)"
    case .queues(let count): "queues=\(count): not from 1 to \(Tap.mostQueues)"
    case .queuesOfDescriptor: "an inherited descriptor is one queue"
    case .queuesOfUser: "user networking has one queue"
    case .vhostOfUser: "vhost=on: frames of user networking do not go through the host's kernel"
    case .multicast(let address): "mac=\(address): a multicast address, which no card can have as its own"
    case .zeroAddress: "mac=00:00:00:00:00:00: not an address that a card can have"
    case .sameSource(let source): "\(source) given to two cards"
    case .sameID(let id): "id=\(id) given to two cards"
    case .sameAddress(let address): "mac=\(address) given to two cards"
    }
  }

  /// What to do next.
  var hint: String? {
    switch self {
    case .nameTooLong: "`ip tuntap list` shows the names of the TAPs that there are"
    case .mtu: "1500 is usual; leave mtu out for the TAP's own"
    case .queues: "one for each vCPU is plenty"
    case .sameAddress: "leave mac out for addresses of their own"
    case .queuesOfDescriptor: "leave queues out, or name a TAP with tap=NAME"
    case .queuesOfUser: "leave queues out; nat and tap can have several"
    case .vhostOfUser: "leave vhost out; nat, bridge and tap can have it"
    case .multicast: "make the first byte even: 02:... is free for anybody to use"
    case .zeroAddress: "leave mac out for an address that stays the same"
    case .sameSource: "each card needs a TAP of its own"
    case .sameID: "each name stands for one card"
    }
  }
}
