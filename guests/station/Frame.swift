import Bare

/// A frame in memory that the card reads or writes. Numbers on the wire have their high byte first.
struct Frame {
  /// What the two sides of a queue tell each other before each frame (virtio 1.2, section 5.1.6): nothing, all zeroes.
  static let headerSize = 12
  /// Ethernet's longest, without its checksum.
  static let longest = 1514

  let memory: Memory

  init() {
    memory = Page.allocate()
  }

  subscript(offset: Int) -> UInt8 {
    get { memory.read8(Self.headerSize + offset) }
    nonmutating set { memory.write8(newValue, Self.headerSize + offset) }
  }

  func half(_ offset: Int) -> UInt16 { UInt16(self[offset]) << 8 | UInt16(self[offset + 1]) }
  func word(_ offset: Int) -> UInt32 { UInt32(half(offset)) << 16 | UInt32(half(offset + 2)) }

  func set(half value: UInt16, _ offset: Int) {
    self[offset] = UInt8(value >> 8)
    self[offset + 1] = UInt8(truncatingIfNeeded: value)
  }

  func set(word value: UInt32, _ offset: Int) {
    set(half: UInt16(value >> 16), offset)
    set(half: UInt16(truncatingIfNeeded: value), offset + 2)
  }

  func set(bytes: [UInt8], _ offset: Int) {
    for index in bytes.indices { self[offset + index] = bytes[index] }
  }

  func clear(_ range: Range<Int>) {
    for offset in range { self[offset] = 0 }
  }

  /// Takes over the first bytes of another frame.
  func copy(_ other: Frame, length: Int) {
    for offset in 0..<length { self[offset] = other[offset] }
  }

  /// The checksum of some bytes (RFC 1071), which is 0 where they hold a right one.
  ///
  /// - Parameter start: the sum of what belongs to it and lies elsewhere.
  func checksum(_ range: Range<Int>, start: UInt32 = 0) -> UInt16 {
    var sum = start
    for offset in stride(from: range.lowerBound, to: range.upperBound, by: 2) {
      sum += UInt32(self[offset]) << 8
      if offset + 1 < range.upperBound { sum += UInt32(self[offset + 1]) }
    }
    while sum > 0xFFFF { sum = sum & 0xFFFF + sum >> 16 }
    return ~UInt16(sum)
  }
}
