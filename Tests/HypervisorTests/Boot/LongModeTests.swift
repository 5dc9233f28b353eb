import Devices
import Testing

@testable import Hypervisor

struct LongModeTests {
  /// Walks the tables as the CPU does; nil where nothing is mapped.
  static func translate(_ address: UInt64, _ tables: LittleEndianBytes, base: UInt64) -> UInt64? {
    func entry(_ table: UInt64, _ shift: UInt64) -> UInt64? {
      let value: UInt64 = tables.number(at: Int(table - base + (address >> shift & 511) * 8))
      return value & 0b11 == 0b11 ? value : nil
    }
    guard let pointers = entry(base, 39), pointers & 0x80 == 0 else { return nil }
    guard let directory = entry(pointers & ~0xFFF, 30), directory & 0x80 == 0 else { return nil }
    guard let page = entry(directory & ~0xFFF, 21), page & 0x80 != 0 else { return nil }
    return page & ~0x1F_FFFF | address & 0x1F_FFFF
  }

  @Test(arguments: [0, 0x1F_FFFF, 0x20_0000, 0x3FFF_FFFF, 0x4000_0000, 0xFEE0_0000, 0xFFFF_FFFF] as [UInt64])
  func `the first 4 GiB are mapped to themselves`(address: UInt64) {
    let tables = LittleEndianBytes(LongMode.pageTables(at: 0x9000))
    #expect(Self.translate(address, tables, base: 0x9000) == address)
  }

  @Test(arguments: [0x1_0000_0000, 0x80_0000_0000, 0xFFFF_8000_0000_0000] as [UInt64])
  func `nothing else is mapped`(address: UInt64) {
    let tables = LittleEndianBytes(LongMode.pageTables(at: 0x9000))
    #expect(Self.translate(address, tables, base: 0x9000) == nil)
  }

  @Test func `the tables fill their six pages`() {
    #expect(LongMode.pageTables(at: 0x9000).count == 6 * 4096)
    #expect(BootStructure.pageTables.range.last == 0xEFFF)
  }
}
