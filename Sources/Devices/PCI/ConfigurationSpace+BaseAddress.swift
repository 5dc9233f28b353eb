extension ConfigurationSpace {
  /// Lays out a 64-bit memory base address register, which takes two of the six (PCI Local Bus 3.0
  /// section 6.2.5.1).
  ///
  /// - Parameters:
  ///   - index: 0, 2 or 4.
  ///   - size: bytes, a power of two of at least 16.
  ///   - address: where the memory is before the guest moves it.
  public mutating func defineMemoryBaseAddress(_ index: Int, size: UInt64, address: GuestAddress) {
    let is64Bit: UInt64 = 0b100
    define(
      address.value & ~(size - 1) | is64Bit, at: Register.baseAddress0 + 4 * index,
      writable: ~(size - 1))
  }

  /// Where the guest has put the memory of the 64-bit register `index`; nil while memory is switched
  /// off, or the range ends past 2^64.
  public func memoryRange(_ index: Int, size: UInt64) -> GuestRange? {
    guard command.contains(.memorySpace) else { return nil }
    let register: UInt64 = value(at: Register.baseAddress0 + 4 * index)
    let base = GuestAddress(register & ~(size - 1))
    return base.advanced(by: size - 1) == nil ? nil : GuestRange(base: base, size: size)
  }
}
