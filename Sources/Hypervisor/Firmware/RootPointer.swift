/// The Root System Description Pointer: where an operating system begins (ACPI 6.5 section 5.2.5.3).
///
/// Boot protocols hand its address over; a system that was handed none looks for the signature at
/// every 16th byte from 0xE0000.
enum RootPointer {
  static let size = 36

  static func bytes(xsdt: UInt64) -> [UInt8] {
    let revision: UInt8 = 2
    let noRSDT: UInt32 = 0
    var bytes = Array("RSD PTR ".utf8)
    let checksumOffset = bytes.count
    bytes.append(0)
    bytes += SystemDescriptionTable.oemID
    bytes.append(revision)
    bytes.append(littleEndian: noRSDT)
    // ACPI 1.0 ends here, and its checksum covers this much.
    bytes[checksumOffset] = bytes.checksum
    bytes.append(littleEndian: UInt32(size))
    bytes.append(littleEndian: xsdt)
    let extendedChecksumOffset = bytes.count
    bytes += [0, 0, 0, 0]
    bytes[extendedChecksumOffset] = bytes.checksum
    return bytes
  }
}

/// The Extended System Description Table: the addresses of the others (ACPI 6.5 section 5.2.8).
enum ExtendedSystemDescriptionTable {
  static func bytes(tables: [UInt64]) -> [UInt8] {
    SystemDescriptionTable.bytes("XSDT", revision: 1, tables.flatMap(\.littleEndianBytes))
  }
}
