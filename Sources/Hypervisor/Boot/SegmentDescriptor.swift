/// A segment of the boot CPU, as its hidden registers hold it and as the GDT encodes it (Intel SDM
/// volume 3A, 3.4.5 and 3.5).
public struct SegmentDescriptor: Hashable, Sendable {
  public let base: UInt64
  /// The last valid offset in bytes, whatever the granularity.
  public let limit: UInt32
  /// Four bits; their meaning depends on `isSystem`.
  public let type: UInt8
  /// The S flag, turned round: a TSS or LDT, not code or data.
  public let isSystem: Bool
  /// DPL, 0 to 3.
  public let privilege: UInt8
  /// The L flag: 64-bit code.
  public let isLong: Bool
  /// The D/B flag: 32-bit operands and stack.
  public let is32Bit: Bool
  /// The G flag: the encoded limit counts 4 KiB.
  public let isPageGranular: Bool

  /// Execute and read, accessed, flat, 64-bit.
  public static let code64 = SegmentDescriptor(
    base: 0, limit: .max, type: 0xB, isSystem: false, privilege: 0, isLong: true, is32Bit: false,
    isPageGranular: true)
  /// Execute and read, accessed, flat, 32-bit.
  public static let code32 = SegmentDescriptor(
    base: 0, limit: .max, type: 0xB, isSystem: false, privilege: 0, isLong: false, is32Bit: true,
    isPageGranular: true)
  /// Read and write, accessed, flat.
  public static let data = SegmentDescriptor(
    base: 0, limit: .max, type: 0x3, isSystem: false, privilege: 0, isLong: false, is32Bit: true,
    isPageGranular: true)
  /// A busy 32-bit or 64-bit TSS. Nothing lies there: VMX wants the register valid, and no kernel
  /// changes privilege before it has loaded its own.
  public static let task = SegmentDescriptor(
    base: 0, limit: 0x67, type: 0xB, isSystem: true, privilege: 0, isLong: false, is32Bit: false,
    isPageGranular: false)

  /// The descriptor's eight bytes in a GDT. Of a 64-bit TSS they are the first half.
  public var encoded: UInt64 {
    let limit = UInt64(isPageGranular ? limit >> 12 : limit & 0xF_FFFF)
    var access = UInt64(type & 0xF)
    access |= (isSystem ? 0 : 1) << 4
    access |= UInt64(privilege & 3) << 5
    // Present.
    access |= 1 << 7
    var flags: UInt64 = 0
    flags |= (isLong ? 1 : 0) << 1
    flags |= (is32Bit ? 1 : 0) << 2
    flags |= (isPageGranular ? 1 : 0) << 3
    return limit & 0xFFFF
      | (base & 0xFF_FFFF) << 16
      | access << 40
      | (limit >> 16) << 48
      | flags << 52
      | (base >> 24 & 0xFF) << 56
  }
}
