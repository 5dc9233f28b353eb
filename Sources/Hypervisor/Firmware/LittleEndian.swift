/// ACPI tables and AML are little-endian throughout (ACPI 6.5 section 5.2).
extension FixedWidthInteger {
  var littleEndianBytes: [UInt8] {
    (0..<Self.bitWidth / 8).map { UInt8(truncatingIfNeeded: self >> (8 * $0)) }
  }
}

extension [UInt8] {
  mutating func append(littleEndian value: some FixedWidthInteger) {
    append(contentsOf: value.littleEndianBytes)
  }

  /// What to add to these bytes so that they sum to zero, as every ACPI checksum asks.
  var checksum: UInt8 {
    0 &- reduce(0, &+)
  }
}
