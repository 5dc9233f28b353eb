import Devices
import Testing

@testable import Hypervisor

struct BootParametersTests {
  static func page(
    _ header: SetupHeader = SetupHeader(LittleEndianBytes(BzImageBuilder().bytes)),
    load: GuestAddress? = 0x100_0000, initrd: GuestRange? = nil, mebibytes: UInt64 = 6144
  ) -> LittleEndianBytes {
    LittleEndianBytes(
      BootParameters(
        header: header, load: load, commandLine: 0x2_0000, initrd: initrd,
        memoryMap: MemoryMap(mebibytes: mebibytes), rsdp: 0xE_0040
      ).bytes)
  }

  @Test func `the page is 4096 bytes`() {
    #expect(Self.page().count == 4096)
  }

  @Test func `the setup header is the image's own`() {
    let page = Self.page()
    #expect(page.holds("HdrS", at: 0x202))
    #expect(page.number(at: 0x1FE, as: UInt16.self) == 0xAA55)
    #expect(page.number(at: 0x206, as: UInt16.self) == 0x020F)
    #expect(page.number(at: 0x230, as: UInt32.self) == 0x20_0000)
    #expect(page.number(at: 0x236, as: UInt16.self) == 1)
    #expect(page.number(at: 0x258, as: UInt64.self) == 0x100_0000)
    #expect(page.number(at: 0x260, as: UInt32.self) == 0x100_0000)
  }

  @Test func `what surrounds the header in the image stays out`() {
    let page = Self.page()
    // The sentinel, and the byte behind the header's end at 0x202 + 0x6A.
    #expect(page.number(at: 0x1EF, as: UInt8.self) == 0)
    #expect(page.number(at: 0x26C, as: UInt32.self) == 0)
    #expect(page.bytes[0x26C..<0x2D0].allSatisfy { $0 == 0 })
    #expect(page.bytes[0..<0x70].allSatisfy { $0 == 0 })
  }

  @Test func `the loader's fields are filled in`() {
    let page = Self.page()
    #expect(page.number(at: 0x070, as: UInt64.self) == 0xE_0040)
    #expect(page.number(at: 0x1FA, as: UInt16.self) == 0xFFFF)
    #expect(page.number(at: 0x210, as: UInt8.self) == 0xFF)
    #expect(page.number(at: 0x211, as: UInt8.self) == 1)
    #expect(page.number(at: 0x214, as: UInt32.self) == 0x100_0000)
    #expect(page.number(at: 0x228, as: UInt32.self) == 0x2_0000)
    #expect(page.number(at: 0x0C8, as: UInt32.self) == 0)
    #expect(page.number(at: 0x250, as: UInt64.self) == 0)
  }

  @Test func `without an initrd its fields are zero`() {
    let page = Self.page()
    #expect(page.number(at: 0x218, as: UInt64.self) == 0)
    #expect(page.number(at: 0x0C0, as: UInt64.self) == 0)
  }

  @Test func `an initrd's place and size take both halves`() {
    let page = Self.page(initrd: GuestRange(base: 0x5_1234_5000, size: 0x6_0000_0007))
    #expect(page.number(at: 0x218, as: UInt32.self) == 0x1234_5000)
    #expect(page.number(at: 0x21C, as: UInt32.self) == 7)
    #expect(page.number(at: 0x0C0, as: UInt32.self) == 5)
    #expect(page.number(at: 0x0C4, as: UInt32.self) == 6)
  }

  @Test(arguments: [1, 64, 3072, 6144] as [UInt64])
  func `e820 is the machine's memory map`(mebibytes: UInt64) {
    let page = Self.page(mebibytes: mebibytes)
    let entries = MemoryMap(mebibytes: mebibytes).entries
    #expect(Int(page.number(at: 0x1E8, as: UInt8.self)) == entries.count)
    for (index, entry) in entries.enumerated() {
      #expect(page.number(at: 0x2D0 + index * 20, as: UInt64.self) == entry.range.base.value)
      #expect(page.number(at: 0x2D8 + index * 20, as: UInt64.self) == entry.range.size)
      #expect(page.number(at: 0x2E0 + index * 20, as: UInt32.self) == entry.kind.rawValue)
    }
    #expect(page.bytes[(0x2D0 + entries.count * 20)...].allSatisfy { $0 == 0 })
  }

  @Test(arguments: [(1, 0), (64, 63 * 1024), (6144, 3071 * 1024)] as [(UInt64, UInt32)])
  func `alt_mem_k counts the KiB from 1 MiB to the PCI hole`(mebibytes: UInt64, kibibytes: UInt32) {
    #expect(Self.page(mebibytes: mebibytes).number(at: 0x1E0) == kibibytes)
  }

  @Test func `an ELF kernel gets a header that Linux believes`() {
    let page = Self.page(.synthesised, load: nil)
    #expect(page.holds("HdrS", at: 0x202))
    #expect(page.number(at: 0x1FE, as: UInt16.self) == 0xAA55)
    #expect(page.number(at: 0x206, as: UInt16.self) == 0x020F)
    #expect(page.number(at: 0x210, as: UInt8.self) == 0xFF)
    #expect(page.number(at: 0x211, as: UInt8.self) == 1)
    #expect(page.number(at: 0x214, as: UInt32.self) == 0)
    #expect(page.number(at: 0x228, as: UInt32.self) == 0x2_0000)
    #expect(page.number(at: 0x238, as: UInt32.self) == 2047)
  }
}
