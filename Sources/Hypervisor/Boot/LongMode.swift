internal import Devices

/// Page tables that a kernel is entered with in 64-bit mode: the first 4 GiB, each address mapped to
/// itself, in pages of 2 MiB (Intel SDM volume 3A, 4.5).
enum LongMode {
  private static let entriesPerTable = 512
  private static let directories = 4

  /// Bytes of the tables: PML4, PDPT and four page directories.
  static let size = (2 + directories) * 4096

  private static let present: UInt64 = 1 << 0
  private static let writable: UInt64 = 1 << 1
  private static let largePage: UInt64 = 1 << 7

  /// The tables, to lie at `base`, which goes to CR3.
  static func pageTables(at base: GuestAddress) -> [UInt8] {
    var tables = LittleEndianBytes(zeroes: size)
    tables.store(base.value &+ 0x1000 | present | writable, at: 0)
    for directory in 0..<directories {
      let address = base.value &+ UInt64(2 + directory) &* 4096
      tables.store(address | present | writable, at: 4096 + directory * 8)
    }
    for page in 0..<(directories * entriesPerTable) {
      let address = UInt64(page) << 21
      tables.store(address | present | writable | largePage, at: 2 * 4096 + page * 8)
    }
    return tables.bytes
  }
}
