/// What a driver set by features and commands; all of a network device's state that is not a queue's.
struct NetSettings: Hashable, Sendable, Codable {
  /// What was negotiated.
  let features: VirtioFeatures
  var mac: MACAddress
  var filter: ReceiveFilter
  /// Pairs of queues in use, from the first.
  var pairs: UInt16 = 1
  /// Of `netGuestOffloads`: what received frames may ask of the driver.
  var offloads: VirtioFeatures

  /// What holds when a driver that agreed to `features` starts.
  init(_ features: VirtioFeatures, mac: MACAddress) {
    let features = features.withoutUnmetNetDependencies
    self.features = features
    self.mac = mac
    filter = ReceiveFilter(features)
    offloads = features.intersection(.netGuestOffloads)
  }

  /// What holds after `command`; nil where it is refused.
  func applying(_ command: ControlCommand, maximumPairs: UInt16) -> NetSettings? {
    guard features.isSuperset(of: command.feature) else { return nil }
    var new = self
    switch command {
    case .receive(let mode, let isOn): new.set(mode, isOn)
    case .setTables(let unicast, let multicast):
      new.filter.setTables(unicast: unicast, multicast: multicast)
    case .setAddress(let address): new.mac = address
    case .addVLAN(let id): new.filter.vlans?.insert(id)
    case .removeVLAN(let id): new.filter.vlans?.remove(id)
    case .setPairs(let count):
      guard count >= 1, count <= maximumPairs else { return nil }
      new.pairs = count
    case .setOffloads(let wanted):
      guard features.intersection(.netGuestOffloads).isSuperset(of: wanted) else { return nil }
      new.offloads = wanted
    }
    return new
  }

  private mutating func set(_ mode: ControlCommand.ReceiveMode, _ isOn: Bool) {
    switch mode {
    case .promiscuous: filter.isPromiscuous = isOn
    case .allMulticast: filter.allMulticast = isOn
    case .allUnicast: filter.allUnicast = isOn
    case .noMulticast: filter.noMulticast = isOn
    case .noUnicast: filter.noUnicast = isOn
    case .noBroadcast: filter.noBroadcast = isOn
    }
  }
}
