extension CMOS {
  /// What a snapshot keeps of the chip.
  public struct State: Codable, Hashable, Sendable {
    /// All 128 bytes; time registers only while the clock is halted.
    public var bytes: [UInt8]
    public var index: UInt8
    /// Chip time minus host time.
    public var offsetSeconds: Int64
    /// 0 to 999,999,999, added to `offsetSeconds`.
    public var offsetNanoseconds: Int64
    /// The second of chip time up to which alarm and update have been looked at.
    public var lastUpdate: Int64
  }

  public var state: State {
    State(
      bytes: (0..<Self.size).map { bytes[$0] }, index: index, offsetSeconds: offsetSeconds,
      offsetNanoseconds: offsetNanoseconds, lastUpdate: lastUpdate)
  }

  /// The chip in `state`. Its interrupt line, where high, counts as a rise not yet taken.
  public init(_ state: State) throws(InvalidState) {
    func check(_ condition: Bool, _ field: String) throws(InvalidState) {
      try InvalidState.unless(condition, "CMOS", field)
    }
    // More seconds than the calendar's 10,000 years have.
    let limit: Int64 = 1_000_000_000_000
    try check(state.bytes.count == Self.size, "bytes")
    try check(state.index < Self.size, "index")
    try check(-limit...limit ~= state.offsetSeconds, "offsetSeconds")
    try check(0..<Self.nanosecondsPerSecond ~= state.offsetNanoseconds, "offsetNanoseconds")
    try check(-limit...limit ~= state.lastUpdate, "lastUpdate")

    let a = state.bytes[Int(Register.a)], c = state.bytes[Int(Register.c)]
    try check(a & 0x80 == 0 && c & ~(StatusC.updateEnded.union(.alarm).rawValue) == 0, "bytes")

    lastUpdate = state.lastUpdate
    index = state.index
    offsetSeconds = state.offsetSeconds
    offsetNanoseconds = state.offsetNanoseconds
    for (place, byte) in state.bytes.enumerated() { bytes[place] = byte }
  }
}
