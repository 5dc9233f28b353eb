/// A guest physical address (GPA).
public struct GuestAddress: Hashable, Comparable, Sendable, Codable {
  public let value: UInt64

  @inlinable
  public init(_ value: UInt64) {
    self.value = value
  }

  /// The address `distance` bytes on, or nil past the end of the 64-bit space.
  @inlinable
  public func advanced(by distance: UInt64) -> GuestAddress? {
    let (sum, overflow) = value.addingReportingOverflow(distance)
    return overflow ? nil : GuestAddress(sum)
  }

  @inlinable
  public static func < (left: GuestAddress, right: GuestAddress) -> Bool {
    left.value < right.value
  }
}

extension GuestAddress: ExpressibleByIntegerLiteral {
  @inlinable
  public init(integerLiteral value: UInt64) {
    self.init(value)
  }
}

extension GuestAddress: CustomStringConvertible {
  public var description: String { "0x" + String(value, radix: 16) }
}

/// A run of guest physical addresses that ends before 2^64.
public struct GuestRange: Hashable, Sendable, Codable {
  public let base: GuestAddress
  /// Length in bytes, at least 1.
  public let size: UInt64

  /// - Precondition: `size` is at least 1 and the last byte's address fits 64 bits.
  public init(base: GuestAddress, size: UInt64) {
    precondition(size > 0 && base.advanced(by: size - 1) != nil, "a guest range past the address space")
    self.base = base
    self.size = size
  }

  /// The address of the last byte.
  public var last: GuestAddress { GuestAddress(base.value &+ (size &- 1)) }

  public func contains(_ other: GuestRange) -> Bool {
    base <= other.base && other.last <= last
  }

  public func overlaps(_ other: GuestRange) -> Bool {
    base <= other.last && other.base <= last
  }
}
