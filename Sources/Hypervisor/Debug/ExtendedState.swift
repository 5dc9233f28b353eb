/// The x87, SSE and AVX registers, as KVM hands them over: an XSAVE area in its standard form (Intel SDM volume 1,
/// section 13.4).
struct ExtendedState: Sendable {
  /// Where in the area what lies.
  enum Offset {
    static let control = 0
    static let status = 2
    /// One bit a register: whether it holds anything.
    static let tags = 4
    static let opcode = 6
    static let instruction = 8
    static let instructionSegment = 12
    static let data = 16
    static let dataSegment = 20
    static let mxcsr = 24
    /// ST0 to ST7, 16 bytes each, 10 of them used.
    static let stack = 32
    /// XMM0 to XMM15.
    static let xmm = 160
    /// XSTATE_BV: which components the area holds; the others are as after reset.
    static let components = 512
    /// The upper halves of YMM0 to YMM15; the same on every CPU that has them.
    static let upperYMM = 576
  }

  private enum Component {
    static let x87: UInt8 = 1 << 0
    static let sse: UInt8 = 1 << 1
    static let avx: UInt8 = 1 << 2
  }

  private(set) var area: [UInt8]

  /// As after reset.
  init() {
    self.init([UInt8](repeating: 0, count: VirtualCPU.extendedStateSize))
  }

  /// - Precondition: `area` has `VirtualCPU.extendedStateSize` bytes.
  init(_ area: [UInt8]) {
    precondition(area.count == VirtualCPU.extendedStateSize, "not a whole XSAVE area")
    self.area = area
    let present = area[Offset.components]
    // What the area does not hold is undefined in it.
    if present & Component.x87 == 0 {
      clear(Offset.control..<Offset.mxcsr)
      clear(Offset.stack..<Offset.xmm)
      set([0x7F, 0x03], at: Offset.control)
    }
    if present & (Component.sse | Component.avx) == 0 { set([0x80, 0x1F, 0, 0], at: Offset.mxcsr) }
    if present & Component.sse == 0 { clear(Offset.xmm..<(Offset.xmm + 256)) }
    if present & Component.avx == 0 { clear(Offset.upperYMM..<(Offset.upperYMM + 256)) }
    self.area[Offset.components] = present
  }

  /// - Precondition: the range lies in the area.
  func bytes(_ count: Int, at offset: Int) -> [UInt8] {
    Array(area[offset..<(offset + count)])
  }

  /// - Precondition: `bytes` fit the area at `offset`.
  mutating func set(_ bytes: [UInt8], at offset: Int) {
    area.replaceSubrange(offset..<(offset + bytes.count), with: bytes)
    area[Offset.components] |= Component.x87 | Component.sse
    if offset >= Offset.upperYMM { area[Offset.components] |= Component.avx }
  }

  /// The full tag word: 0 a register that holds something, 3 an empty one, two bits each.
  var tagWord: UInt16 {
    get {
      let tags = area[Offset.tags]
      return (0..<8).reduce(0) { word, index in
        tags >> UInt8(index) & 1 != 0 ? word : word | 3 << UInt16(2 * index)
      }
    }
    set {
      let tags: UInt8 = (0..<8).reduce(0) { tags, index in
        newValue >> UInt16(2 * index) & 3 == 3 ? tags : tags | 1 << UInt8(index)
      }
      set([tags], at: Offset.tags)
    }
  }

  private mutating func clear(_ range: Range<Int>) {
    area.replaceSubrange(range, with: repeatElement(0, count: range.count))
  }
}
