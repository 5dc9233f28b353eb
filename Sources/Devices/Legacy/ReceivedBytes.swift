/// Bytes of a serial line, some of which are breaks.
struct ReceivedBytes: Sendable {
  private var bytes = ByteFIFO()
  /// Bit n: the byte n places from the oldest is a break.
  private(set) var breaks: UInt16 = 0

  var count: UInt8 { bytes.count }
  var isEmpty: Bool { bytes.isEmpty }
  /// Whether the oldest is a break.
  var isBreak: Bool { breaks & 1 != 0 }
  /// Oldest first, for a snapshot.
  var contents: [UInt8] { bytes.contents }

  init() {}

  /// What a snapshot kept: at most 16 bytes, and no break behind them.
  init(_ contents: [UInt8], breaks: UInt16) {
    for byte in contents { bytes.push(byte) }
    self.breaks = breaks
  }

  /// Adds a byte; where there are 16, it is dropped.
  mutating func push(_ byte: UInt8, isBreak: Bool) {
    guard count < ByteFIFO.capacity else { return }
    if isBreak { breaks |= 1 &<< UInt16(count) }
    bytes.push(byte)
  }

  mutating func pop() -> (byte: UInt8, isBreak: Bool)? {
    guard let byte = bytes.pop() else { return nil }
    defer { breaks &>>= 1 }
    return (byte, isBreak)
  }

  /// The oldest is a break no more.
  mutating func takeBreak() {
    breaks &= ~1
  }

  mutating func removeAll() {
    self = Self()
  }
}
