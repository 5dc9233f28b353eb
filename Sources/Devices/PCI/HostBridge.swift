/// The root of the PCI hierarchy: it owns the functions of bus 0 and takes configuration accesses to them.
///
/// The guest reaches it through two windows, `ConfigurationPorts` and `ECAMWindow`, and sees it as
/// 00:00.0. Which functions there are is settled at construction, so the look-up takes no lock.
public final class HostBridge: Sendable {
  /// Functions were given places that do not go together.
  public enum PlacementError: Error, Hashable, Sendable {
    /// 00:00.0 is the host bridge's own.
    case taken(PCIAddress)
    /// A system looks at function 0 first, and finds a device absent that has none.
    case functionZeroMissing(PCIAddress)
  }

  // By PCIAddress.index.
  private let functions: [(any PCIFunction)?]
  private let own: PassiveFunction

  /// - Parameter functions: every function but the bridge itself. Where a device has several, its
  ///   function 0 must say so in its header type (bit 7).
  public init(functions others: [PCIAddress: any PCIFunction] = [:]) throws(PlacementError) {
    own = PassiveFunction(
      ConfigurationSpace(
        ConfigurationSpace.Identity(vendorID: 0x1B36, deviceID: 0x0008, classCode: 0x06_0000)))
    var functions = [(any PCIFunction)?](repeating: nil, count: 32 * 8)
    functions[0] = own
    for (address, function) in others {
      guard functions[address.index] == nil else { throw .taken(address) }
      functions[address.index] = function
    }
    for address in others.keys where functions[address.index & ~7] == nil {
      throw .functionZeroMissing(address)
    }
    self.functions = functions
  }

  /// Reads `width` bytes (1 to 8) at `address` of the configuration space of all buses: bits 20 and up
  /// number the bus, 15 to 19 the device, 12 to 14 the function (PCI Express Base 5.0 section 7.2.2).
  /// What is not there reads as ones.
  func read(at address: UInt64, width: Int) -> UInt64 {
    var value: UInt64 = 0
    var done = 0
    while done < width {
      let position = address &+ UInt64(truncatingIfNeeded: done)
      let count = Self.bytesInDoubleword(from: position, atMost: width &- done)
      let part =
        function(at: position)?.readConfiguration(at: Self.offset(of: position), width: count) ?? .max
      // The next part covers what this one has past its width.
      let mask = UInt64.max &<< UInt64(8 &* done)
      value = value & ~mask | UInt64(part) &<< UInt64(8 &* done)
      done &+= count
    }
    return value
  }

  /// Writes the low `width` bytes (1 to 8) of `value`; vanishes where nothing is there.
  func write(_ value: UInt64, at address: UInt64, width: Int) {
    var done = 0
    while done < width {
      let position = address &+ UInt64(truncatingIfNeeded: done)
      let count = Self.bytesInDoubleword(from: position, atMost: width &- done)
      let part = UInt32(truncatingIfNeeded: value &>> UInt64(8 &* done))
      function(at: position)?.writeConfiguration(part, at: Self.offset(of: position), width: count)
      done &+= count
    }
  }

  private func function(at address: UInt64) -> (any PCIFunction)? {
    let routingID = address &>> 12
    return routingID < 256 ? functions[Int(routingID)] : nil
  }

  private static func offset(of address: UInt64) -> Int {
    Int(address & 0xFFF)
  }

  private static func bytesInDoubleword(from address: UInt64, atMost count: Int) -> Int {
    min(count, 4 &- Int(address & 3))
  }

  // MARK: State

  /// What a snapshot keeps of the bridge itself.
  public var state: ConfigurationSpace.State { own.state }

  public func restore(_ state: ConfigurationSpace.State) throws(ConfigurationSpace.Mismatch) {
    try own.restore(state)
  }
}
