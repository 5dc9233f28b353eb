extension ConfigurationSpace {
  /// Capability numbers (PCI Local Bus 3.0 appendix H).
  public enum Capability {
    public static let vendorSpecific: UInt8 = 0x09
    public static let msix: UInt8 = 0x11
  }

  /// Puts a capability behind those that are there already (section 6.7).
  ///
  /// - Parameter body: what follows the two bytes of number and next pointer.
  /// - Returns: the capability's offset.
  /// - Precondition: it fits below offset 256.
  @discardableResult
  public mutating func addCapability(_ number: UInt8, _ body: [UInt8]) -> Int {
    let hasCapabilities: UInt16 = 1 << 4
    let position = endOfCapabilities
    precondition(position + 2 + body.count <= 256, "capabilities past the first 256 bytes")
    define(number, at: position)
    define(UInt8(0), at: position + 1)
    for (index, byte) in body.enumerated() { define(byte, at: position + 2 + index) }
    // The list is chained from the header on.
    define(UInt8(position), at: lastCapability == 0 ? Register.capabilitiesPointer : lastCapability + 1)
    let status: UInt16 = value(at: Register.status)
    define(status | hasCapabilities, at: Register.status, clearedByOne: Self.reportedErrors)
    lastCapability = position
    endOfCapabilities = (position + 2 + body.count + 3) & ~3
    return position
  }
}
