/// Which frames a driver wants (virtio 1.2 sections 5.1.6.5.1 to 5.1.6.5.3).
struct ReceiveFilter: Hashable, Sendable, Codable {
  /// Whether the driver agreed to choose by address at all.
  let checksAddress: Bool
  /// Everything, whatever else is said.
  var isPromiscuous = false
  var allMulticast = false
  var allUnicast = false
  var noMulticast = false
  var noUnicast = false
  var noBroadcast = false
  /// Besides the device's own address. Nil: more than `tableLimit`, and so all.
  private(set) var unicast: [MACAddress]? = []
  private(set) var multicast: [MACAddress]? = []
  /// Nil: any VLAN, where the driver did not agree to choose.
  var vlans: Set<UInt16>?

  static let tableLimit = 64

  /// What holds when a driver starts.
  init(_ features: VirtioFeatures) {
    checksAddress = features.contains(.netControlReceive)
    if features.contains(.netControlVLAN) { vlans = [] }
  }

  mutating func setTables(unicast: [MACAddress], multicast: [MACAddress]) {
    self.unicast = unicast.count <= Self.tableLimit ? unicast : nil
    self.multicast = multicast.count <= Self.tableLimit ? multicast : nil
  }

  /// Whether the driver gets a frame.
  ///
  /// - Parameter vlan: the identifier in its tag; nil where it has none.
  func accepts(_ destination: MACAddress, vlan: UInt16?, own: MACAddress) -> Bool {
    if isPromiscuous { return true }
    // A tag without identifier says nothing but a priority.
    if let vlan, vlan != 0, let vlans, !vlans.contains(vlan) { return false }
    if !checksAddress { return true }
    if destination == own { return !noUnicast }
    if destination == .broadcast { return !noBroadcast }
    if destination.isMulticast {
      return !noMulticast && (allMulticast || multicast?.contains(destination) ?? true)
    }
    return !noUnicast && (allUnicast || unicast?.contains(destination) ?? true)
  }

  /// Whether no frame is refused, so that none need be looked at.
  var acceptsAll: Bool { isPromiscuous || (!checksAddress && vlans == nil) }
}
