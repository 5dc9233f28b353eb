import Devices
import Testing

@testable import Hypervisor

struct PVHStartInfoTests {
  static func info(initrd: GuestRange?, mebibytes: UInt64 = 6144) -> LittleEndianBytes {
    LittleEndianBytes(
      PVHStartInfo(
        at: 0x6000, commandLine: 0x2_0000, initrd: initrd, memoryMap: MemoryMap(mebibytes: mebibytes),
        rsdp: 0xE_0040
      ).bytes)
  }

  @Test func `the header is version 1 with command line and RSDP`() {
    let info = Self.info(initrd: nil)
    #expect(info.number(at: 0, as: UInt32.self) == 0x336E_C578)
    #expect(info.number(at: 4, as: UInt32.self) == 1)
    #expect(info.number(at: 8, as: UInt32.self) == 0)
    #expect(info.number(at: 24, as: UInt64.self) == 0x2_0000)
    #expect(info.number(at: 32, as: UInt64.self) == 0xE_0040)
  }

  @Test func `without an initrd there is no module`() {
    let info = Self.info(initrd: nil)
    #expect(info.number(at: 12, as: UInt32.self) == 0)
    #expect(info.number(at: 16, as: UInt64.self) == 0)
  }

  @Test func `the initrd is the one module`() {
    let info = Self.info(initrd: GuestRange(base: 0x700_0000, size: 0x1234))
    #expect(info.number(at: 12, as: UInt32.self) == 1)
    let list = Int(info.number(at: 16, as: UInt64.self)) - 0x6000
    #expect(list >= 56)
    #expect(info.number(at: list, as: UInt64.self) == 0x700_0000)
    #expect(info.number(at: list + 8, as: UInt64.self) == 0x1234)
    #expect(info.number(at: list + 16, as: UInt64.self) == 0)
  }

  @Test(arguments: [nil, GuestRange(base: 0x700_0000, size: 1)])
  func `the memory map is the machine's`(initrd: GuestRange?) {
    let info = Self.info(initrd: initrd)
    let entries = MemoryMap(mebibytes: 6144).entries
    #expect(Int(info.number(at: 48, as: UInt32.self)) == entries.count)
    let map = Int(info.number(at: 40, as: UInt64.self)) - 0x6000
    #expect(map >= (initrd == nil ? 56 : 88))
    #expect(info.count == map + entries.count * 24)
    for (index, entry) in entries.enumerated() {
      #expect(info.number(at: map + index * 24, as: UInt64.self) == entry.range.base.value)
      #expect(info.number(at: map + index * 24 + 8, as: UInt64.self) == entry.range.size)
      #expect(info.number(at: map + index * 24 + 16, as: UInt32.self) == entry.kind.rawValue)
    }
  }
}
