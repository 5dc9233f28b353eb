/// Bytes of a file or a table, with numbers among them in x86's byte order.
struct LittleEndianBytes: Hashable, Sendable {
  private(set) var bytes: [UInt8]

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
  }

  init(zeroes count: Int) {
    bytes = [UInt8](repeating: 0, count: count)
  }

  var count: Int { bytes.count }

  /// The number at `offset`. What lies past the end reads as zero.
  func number<Number: FixedWidthInteger>(at offset: Int, as type: Number.Type = Number.self) -> Number {
    var value: Number = 0
    for index in 0..<(Number.bitWidth / 8) {
      let (position, overflow) = offset.addingReportingOverflow(index)
      guard !overflow, bytes.indices.contains(position) else { continue }
      value |= Number(truncatingIfNeeded: bytes[position]) << Number(truncatingIfNeeded: index * 8)
    }
    return value
  }

  func holds(_ magic: [UInt8], at offset: Int) -> Bool {
    offset >= 0 && offset <= count && count - offset >= magic.count
      && bytes[offset..<(offset + magic.count)].elementsEqual(magic)
  }

  func holds(_ magic: String, at offset: Int) -> Bool {
    holds([UInt8](magic.utf8), at: offset)
  }

  /// - Precondition: the number fits at `offset`.
  mutating func store<Number: FixedWidthInteger>(_ value: Number, at offset: Int) {
    for index in 0..<(Number.bitWidth / 8) {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> Number(truncatingIfNeeded: index * 8))
    }
  }

  /// - Precondition: the bytes fit at `offset`.
  mutating func store(bytes source: ArraySlice<UInt8>, at offset: Int) {
    bytes.replaceSubrange(offset..<(offset + source.count), with: source)
  }
}
