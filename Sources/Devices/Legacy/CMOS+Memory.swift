extension CMOS {
  /// The machine's RAM, as a PC's firmware tells it in battery-backed memory.
  public struct MemorySize: Hashable, Sendable {
    /// Bytes below 4 GiB.
    public var below4GiB: UInt64
    /// Bytes from 4 GiB on.
    public var above4GiB: UInt64

    public init(below4GiB: UInt64, above4GiB: UInt64 = 0) {
      self.below4GiB = below4GiB
      self.above4GiB = above4GiB
    }
  }

  /// Fills in what old boot code looks for: memory sizes, equipment, checksum.
  mutating func describe(_ memory: MemorySize) {
    func put(_ value: UInt64, at index: Int, size: Int) {
      for place in 0..<size {
        bytes[index + place] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(place)))
      }
    }
    func units(_ unit: UInt64, from start: UInt64, limit: UInt64) -> UInt64 {
      memory.below4GiB > start ? min((memory.below4GiB - start) / unit, limit) : 0
    }
    let kib: UInt64 = 1 << 10
    let mib: UInt64 = 1 << 20
    // Base memory, in KiB.
    put(min(memory.below4GiB / kib, 640), at: 0x15, size: 2)
    // From 1 MiB, in KiB, as far as 16 bits go; twice, as set-up found it and as it is used.
    put(units(kib, from: mib, limit: 0xFFFF), at: 0x17, size: 2)
    put(units(kib, from: mib, limit: 0xFFFF), at: 0x30, size: 2)
    // From 16 MiB to 4 GiB, in 64 KiB.
    put(units(64 * kib, from: 16 * mib, limit: 0xFFFF), at: 0x34, size: 2)
    // From 4 GiB, in 64 KiB.
    put(min(memory.above4GiB / (64 * kib), 0xFF_FFFF), at: 0x5B, size: 3)
    // Equipment: a coprocessor, no display, no diskette drives.
    bytes[0x14] = 0x02
    // The checksum of 0x10 to 0x2D, high byte first.
    let sum = (0x10...0x2D).reduce(0) { $0 + UInt64(bytes[$1]) }
    bytes[0x2E] = UInt8(truncatingIfNeeded: sum >> 8)
    bytes[0x2F] = UInt8(truncatingIfNeeded: sum)
  }
}
