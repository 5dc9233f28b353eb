/// Numbers that look random, and come again with the same seed (xorshift64*, Vigna, arXiv 1402.6246).
struct Random {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed &* 0x9E37_79B9_7F4A_7C15 | 1
  }

  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  mutating func below(_ limit: UInt64) -> UInt64 { ((next() >> 32) &* limit) >> 32 }

  mutating func isRare(_ odds: UInt64) -> Bool { below(odds) == 0 }
}

/// Where what goes on. A device writes wherever it is told to, so nothing that it is told may lead to the program, from
/// 1 to 8 MiB: not a torn descriptor either, nor what one device wrote over the tables of another.
enum Places {
  static let endOfRAM: UInt64 = 16 << 20
  /// Tables, 16 KiB for each queue. No buffer begins before them, and none in them.
  static let tables: UInt64 = 8 << 20
  static let data: UInt64 = 9 << 20
  /// Below the program, and not used once the second processor runs.
  static let low: UInt64 = 0x1000
  static let endOfLow: UInt64 = 0x8_0000
}

extension Random {
  /// Where a buffer may begin.
  mutating func bufferAddress() -> UInt64 {
    switch below(128) {
    case 0: wildAddress()
    case 1: Places.endOfRAM - below(8192)
    case 2: Places.low + below(Places.endOfLow - Places.low)
    default: Places.data + below(Places.endOfRAM - Places.data - 0x1_0000)
    }
  }

  /// What is no RAM.
  mutating func wildAddress() -> UInt64 {
    switch below(8) {
    case 0: Places.endOfRAM + below(1 << 20)
    case 1: 0xC000_0000 + below(32) << 20 + below(0x8000)
    case 2: 0xE000_0000 + below(1 << 20)
    case 3: 0xFEC0_0000 + below(2) << 21
    case 4: UInt64.max - below(0x1_0000)
    case 5: 1 << (32 + below(32))
    case 6: (1 << 32) - below(0x1_0000)
    default: next() | 1 << 63
    }
  }

  /// None is between 64 KiB and 16 MiB: what begins below the program ends there too.
  mutating func bufferLength() -> UInt32 {
    switch below(128) {
    case 0: 0
    case 1: .max - UInt32(below(4096))
    case 2: 0x8000_0000
    case 3..<8: UInt32(below(0x1_0000))
    default: 512 * UInt32(below(9))
    }
  }

  /// Where the memory behind a base address register may go.
  mutating func baseAddress() -> UInt64 {
    switch below(12) {
    case 0: 0
    case 1: 1 << 20
    case 2: Places.data
    case 3: 0xFEE0_0000
    case 4: 0xFEC0_0000
    case 5: 0xE000_0000
    case 6...8: 0xC000_0000 + below(8) << 20
    case 9: 0xFFFF_FFFF_FFFF_8000
    case 10: 1 << below(64)
    default: next()
    }
  }
}
