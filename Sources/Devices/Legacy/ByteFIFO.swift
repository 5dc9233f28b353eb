/// The 16-byte FIFO of a 16550A.
struct ByteFIFO: Sendable {
  static let capacity = 16

  private var bytes = InlineArray<16, UInt8>(repeating: 0)
  private var head: UInt8 = 0
  private(set) var count: UInt8 = 0

  var isEmpty: Bool { count == 0 }

  /// The oldest byte.
  var first: UInt8? {
    count == 0 ? nil : bytes[Int(head & 15)]
  }

  /// Adds a byte; a full FIFO drops it.
  mutating func push(_ byte: UInt8) {
    guard count < Self.capacity else { return }
    bytes[Int((head &+ count) & 15)] = byte
    count &+= 1
  }

  /// Takes the oldest byte.
  mutating func pop() -> UInt8? {
    guard count > 0 else { return nil }
    let byte = bytes[Int(head & 15)]
    head = (head &+ 1) & 15
    count &-= 1
    return byte
  }

  mutating func removeAll() {
    head = 0
    count = 0
  }

  /// Oldest first, for a snapshot.
  var contents: [UInt8] {
    (0..<count).map { bytes[Int((head &+ $0) & 15)] }
  }
}
