import Devices
import Testing

@testable import Hypervisor

struct BIOSDataAreaTests {
  @Test(arguments: [1, 64, 6144] as [UInt64])
  func `the extended area begins where the memory map's base memory ends`(mebibytes: UInt64) throws {
    let map = MemoryMap(mebibytes: mebibytes)
    let memory = try GuestMemory([GuestRange(base: 0, size: 0x10_0000)])
    try BIOSDataArea.write(into: memory, of: map)
    let segment = try memory.read(UInt16.self, at: 0x40E)
    let kibibytes = try memory.read(UInt16.self, at: 0x413)
    let extended = GuestRange(base: GuestAddress(UInt64(segment) << 4), size: 1024)
    #expect(UInt64(kibibytes) << 10 == extended.base.value)
    #expect(map.entries.first?.range == GuestRange(base: 0, size: extended.base.value))
    #expect(map.entries.contains { $0.kind == .reserved && $0.range == extended })
    // Its size in KiB.
    #expect(try memory.read(UInt8.self, at: extended.base) == 1)
  }

  @Test func `COM1 is told, and one serial port`() throws {
    let area = LittleEndianBytes(BIOSDataArea.bytes(MemoryMap(mebibytes: 64)))
    #expect(area.count == 256)
    #expect(area.number(at: 0, as: UInt16.self) == 0x3F8)
    #expect(area.number(at: 2, as: UInt16.self) == 0)
    #expect(area.number(at: 0x10, as: UInt16.self) >> 9 & 7 == 1)
  }
}
