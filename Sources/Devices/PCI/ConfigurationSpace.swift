/// The configuration registers of a PCI function: 4096 bytes, and for every bit what a guest's write
/// does to it (PCI Local Bus 3.0 section 6.1, PCI Express Base 5.0 section 7.2).
public struct ConfigurationSpace: Sendable {
  public static let size = 4096

  private var bytes = [UInt8](repeating: 0, count: size)
  // Bits that take the value written.
  private var writable = [UInt8](repeating: 0, count: size)
  // Bits that become 0 where a 1 is written (RW1C).
  private var clearable = [UInt8](repeating: 0, count: size)
  // Where the last capability lies, 0 before there is one, and where the next one goes.
  var lastCapability = 0
  var endOfCapabilities = 0x40

  /// All registers zero and read-only.
  public init() {}

  // MARK: The device's side

  /// Lays a little-endian register of 1, 2, 4 or 8 bytes at `offset`: its value, the bits that a guest
  /// may write, and the bits that a guest clears by writing ones.
  /// - Precondition: the register lies within the 4096 bytes.
  public mutating func define<Value: FixedWidthInteger & UnsignedInteger>(
    _ value: Value, at offset: Int, writable: Value = 0, clearedByOne: Value = 0
  ) {
    for index in 0..<Value.bitWidth / 8 {
      self.writable[offset + index] = UInt8(truncatingIfNeeded: writable &>> (8 &* index))
      clearable[offset + index] = UInt8(truncatingIfNeeded: clearedByOne &>> (8 &* index))
    }
    set(value, at: offset)
  }

  /// Changes a register's value, whatever a guest may write there.
  /// - Precondition: the register lies within the 4096 bytes.
  public mutating func set<Value: FixedWidthInteger & UnsignedInteger>(_ value: Value, at offset: Int) {
    for index in 0..<Value.bitWidth / 8 {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value &>> (8 &* index))
    }
  }

  /// A register's value.
  /// - Precondition: the register lies within the 4096 bytes.
  public func value<Value: FixedWidthInteger & UnsignedInteger>(
    _ type: Value.Type = Value.self, at offset: Int
  ) -> Value {
    (0..<Value.bitWidth / 8).reduce(0) { value, index in
      value | Value(truncatingIfNeeded: bytes[offset + index]) &<< Value(8 &* index)
    }
  }

  // MARK: The guest's side

  /// Reads `width` bytes (0 to 4) at `offset`; those outside the 4096 read as ones, bits past `width` as zeros.
  public func read(at offset: Int, width: Int) -> UInt32 {
    var value: UInt32 = 0
    for index in 0..<max(0, min(width, 4)) {
      let position = offset &+ index
      let byte = bytes.indices.contains(position) ? bytes[position] : 0xFF
      value |= UInt32(byte) &<< UInt32(8 &* index)
    }
    return value
  }

  /// Writes the low `width` bytes (0 to 4) of `value` at `offset`, each bit as it was defined.
  public mutating func write(_ value: UInt32, at offset: Int, width: Int) {
    for index in 0..<max(0, min(width, 4)) {
      let position = offset &+ index
      guard bytes.indices.contains(position) else { continue }
      let written = UInt8(truncatingIfNeeded: value &>> UInt32(8 &* index))
      let kept = bytes[position] & ~writable[position] & ~(clearable[position] & written)
      bytes[position] = kept | (written & writable[position])
    }
  }
}

// MARK: State

extension ConfigurationSpace {
  /// What a snapshot keeps: the bytes that a guest can change, in ascending order.
  public struct State: Codable, Hashable, Sendable {
    var bytes: [UInt8]
  }

  /// A state is another function's: its number of bytes is wrong.
  public struct Mismatch: Error, Hashable, Sendable {}

  private var changeable: [Int] {
    bytes.indices.filter { writable[$0] | clearable[$0] != 0 }
  }

  public var state: State {
    State(bytes: changeable.map { bytes[$0] })
  }

  /// Takes over a state, of each byte only the bits that a guest can change.
  public mutating func restore(_ state: State) throws(Mismatch) {
    let changeable = changeable
    guard changeable.count == state.bytes.count else { throw Mismatch() }
    for (position, byte) in zip(changeable, state.bytes) {
      let mask = writable[position] | clearable[position]
      bytes[position] = bytes[position] & ~mask | byte & mask
    }
  }
}
