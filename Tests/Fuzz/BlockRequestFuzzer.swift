import TestSupport

/// Requests to a disk that are nearly right.
struct BlockRequestFuzzer {
  var random: SeededRandom

  mutating func request() -> DiskModel.Request {
    let type = [0, 0, 0, 1, 1, 1, 4, 8, 11, 13, 13, UInt32.random(in: 0...0xFFFF_FFFF, using: &random)]
      .randomElement(using: &random)
    var request = DiskModel.Request(type: type ?? 0, sector: sector(), payload: [], answer: 1)
    switch request.type {
    case 0: request.answer = length() + 1
    case 1: request.payload = bytes(Int(length()))
    case 8: request.answer = UInt32.random(in: 1...40, using: &random)
    case 11, 13:
      request.payload = littleEndian(sector()) + littleEndian(UInt32.random(in: 0...20, using: &random))
      request.payload += littleEndian(UInt32(isRare() ? 3 : request.type == 13 ? random.next() & 1 : 0))
    default: break
    }
    if isRare() { request.payload += bytes(Int.random(in: 1...16, using: &random)) }
    if isRare() { request.answer = UInt32.random(in: 0...2000, using: &random) }
    if isRare() { request.cut = Int.random(in: 0..<16, using: &random) }
    return request
  }

  mutating func isRare() -> Bool { UInt8.random(in: 0..<12, using: &random) == 0 }

  private mutating func sector() -> UInt64 {
    switch UInt8.random(in: 0..<16, using: &random) {
    case 0: random.next()
    case 1: 1 << UInt64.random(in: 0..<64, using: &random)
    // 2^64 bytes, and what follows wraps to the disk's start.
    case 2: UInt64(1) << 55 &+ UInt64.random(in: 0..<4, using: &random)
    default: UInt64.random(in: 0...DiskModel.capacity / 512, using: &random)
    }
  }

  private mutating func length() -> UInt32 {
    isRare()
      ? UInt32.random(in: 0...5000, using: &random) : 512 * UInt32.random(in: 0...12, using: &random)
  }

  private mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }

  /// The same buffer in one to four pieces, or in none.
  mutating func split(_ buffer: DriverBuffer) -> [DriverBuffer] {
    guard buffer.size > 1, Bool.random(using: &random) else { return buffer.size > 0 ? [buffer] : [] }
    return buffer.split(
      at: (0..<Int.random(in: 1...3, using: &random)).map { _ in
        UInt32.random(in: 1..<buffer.size, using: &random)
      })
  }
}
