/// The boot CPU's descriptor table. Linux's boot protocol fixes the selectors of code and data.
public enum BootGDT {
  /// __BOOT_CS.
  public static let codeSelector: UInt16 = 0x10
  /// __BOOT_DS.
  public static let dataSelector: UInt16 = 0x18
  public static let taskSelector: UInt16 = 0x20

  /// Bytes of the table; the GDT register's limit is one less.
  public static let size = 6 * 8

  /// The table, with `code` behind the code selector: `.code64` or `.code32`.
  static func bytes(code: SegmentDescriptor) -> [UInt8] {
    var table = LittleEndianBytes(zeroes: size)
    table.store(code.encoded, at: Int(codeSelector))
    table.store(SegmentDescriptor.data.encoded, at: Int(dataSelector))
    // A 64-bit TSS takes two slots; the second is the base's upper half, zero.
    table.store(SegmentDescriptor.task.encoded, at: Int(taskSelector))
    return table.bytes
  }
}
