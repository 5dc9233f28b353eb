/// The four hardware breakpoints of an x86 CPU (Intel SDM volume 3, section 17.2).
struct DebugRegisters: Hashable, Sendable {
  /// What makes one trigger; the value is that of DR7's R/W field.
  enum Kind: UInt64, Hashable, Sendable {
    case execute = 0
    case write = 1
    /// Reads too: x86 has no breakpoint for reads alone.
    case access = 3
  }

  /// A breakpoint as somebody asked for it. A watch of many bytes takes several registers.
  struct Breakpoint: Hashable, Sendable {
    let kind: Kind
    let address: UInt64
    /// Bytes; of no meaning for `execute`.
    let size: UInt64
  }

  private struct Slot: Hashable, Sendable {
    let owner: Breakpoint
    let address: UInt64
    /// 1, 2, 4 or 8 bytes, `address` being a multiple of it.
    let size: UInt64
  }

  private var slots: [Slot?] = [nil, nil, nil, nil]

  var isEmpty: Bool { slots.allSatisfy { $0 == nil } }

  /// DR0 to DR3; 0 where a register is not used.
  func address(_ index: Int) -> UInt64 { slots[index]?.address ?? 0 }

  /// DR7: for each register in use its global enable bit, condition and length.
  var control: UInt64 {
    // Bit 10 is always set; bit 9, exact, costs nothing on CPUs that ignore it.
    slots.enumerated().reduce(isEmpty ? 0x400 : 0x600) { control, entry in
      guard let slot = entry.element else { return control }
      let field = slot.owner.kind.rawValue | Self.lengthField(slot.size) << 2
      return control | 2 << UInt64(2 * entry.offset) | field << UInt64(16 + 4 * entry.offset)
    }
  }

  /// - Returns: false where there are not registers enough; nothing changes then.
  mutating func insert(_ breakpoint: Breakpoint) -> Bool {
    if slots.contains(where: { $0?.owner == breakpoint }) { return true }
    let free = slots.indices.filter { slots[$0] == nil }
    guard let pieces = Self.pieces(of: breakpoint, atMost: free.count) else { return false }
    for (index, piece) in zip(free, pieces) {
      slots[index] = Slot(owner: breakpoint, address: piece.address, size: piece.size)
    }
    return true
  }

  mutating func remove(_ breakpoint: Breakpoint) {
    for index in slots.indices where slots[index]?.owner == breakpoint { slots[index] = nil }
  }

  /// Which breakpoint triggered, by the low four bits of DR6. Where several did, one that runs ahead of its
  /// instruction comes last: it triggers again.
  func triggered(_ status: UInt64) -> Breakpoint? {
    let hits = slots.indices.filter { status >> UInt64($0) & 1 != 0 }.compactMap { slots[$0]?.owner }
    return hits.first { $0.kind != .execute } ?? hits.first
  }

  /// Cuts a watch into aligned pieces of 1, 2, 4 or 8 bytes.
  private static func pieces(
    of breakpoint: Breakpoint, atMost most: Int
  ) -> [(address: UInt64, size: UInt64)]? {
    guard breakpoint.kind != .execute else { return most > 0 ? [(breakpoint.address, UInt64(1))] : nil }
    var pieces: [(address: UInt64, size: UInt64)] = []
    var (address, left) = (breakpoint.address, breakpoint.size)
    guard left > 0, left <= UInt64(8 * most) else { return nil }
    while left > 0 {
      guard pieces.count < most else { return nil }
      let sizes: [UInt64] = [8, 4, 2, 1]
      let size = sizes.first { $0 <= left && address & ($0 - 1) == 0 } ?? 1
      pieces.append((address, size))
      address &+= size
      left -= size
    }
    return pieces
  }

  /// DR7's LEN field: 0, 1 and 3 for 1, 2 and 4 bytes, 2 for 8.
  private static func lengthField(_ size: UInt64) -> UInt64 { size == 8 ? 2 : size - 1 }
}
