internal import Devices

extension GuestRange {
  /// Nil for no bytes, and for a range past the end of the address space.
  init?(exactly address: UInt64, size: UInt64) {
    guard size > 0, !address.addingReportingOverflow(size - 1).overflow else { return nil }
    self.init(base: GuestAddress(address), size: size)
  }

  /// The smallest range that holds both.
  func union(_ other: GuestRange) -> GuestRange {
    let first = min(base, other.base)
    // Both ends fit 64 bits; only a union of everything has no size, and neither range is that large.
    let size = (max(last, other.last).value &- first.value).addingReportingOverflow(1)
    return GuestRange(base: first, size: size.overflow ? UInt64.max : size.partialValue)
  }

  func contains(_ address: GuestAddress) -> Bool {
    base <= address && address <= last
  }

  /// First and last address, as a memory map shows them.
  var text: String { "\(base)-\(last)" }
}

extension UInt64 {
  /// Nil where the result does not fit. `unit` is a power of two.
  func roundedUp(toMultipleOf unit: UInt64) -> UInt64? {
    let (sum, overflow) = addingReportingOverflow(unit &- 1)
    return overflow ? nil : sum & ~(unit &- 1)
  }

  /// `unit` is a power of two.
  func roundedDown(toMultipleOf unit: UInt64) -> UInt64 {
    self & ~(unit &- 1)
  }
}
