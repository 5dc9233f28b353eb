/// The header that ACPI tables share, put in front of a body (ACPI 6.5 section 5.2.6).
enum SystemDescriptionTable {
  static let oemID = Array("SWIFTV".utf8)
  static let oemTableID = Array("SWIFTVM ".utf8)
  static let creatorID = Array("SWVM".utf8)
  static let headerSize = 36

  /// A whole table: header and `body`, its checksum filled in.
  static func bytes(_ signature: String, revision: UInt8, _ body: [UInt8]) -> [UInt8] {
    precondition(signature.utf8.count == 4, "a table's signature has four characters")
    let tableRevision: UInt32 = 1
    var table = Array(signature.utf8)
    table.append(littleEndian: UInt32(headerSize + body.count))
    let checksumOffset = table.count + 1
    table += [revision, 0]
    table += oemID + oemTableID
    table.append(littleEndian: tableRevision)
    table += creatorID
    table.append(littleEndian: tableRevision)
    table += body
    table[checksumOffset] = table.checksum
    return table
  }
}
