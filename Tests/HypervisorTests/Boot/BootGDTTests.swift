import Testing

@testable import Hypervisor

struct BootGDTTests {
  @Test func `the GDT has code and data where Linux wants them`() {
    let gdt = LittleEndianBytes(BootGDT.bytes(code: .code64))
    #expect(gdt.count == BootGDT.size)
    #expect(gdt.number(at: 0, as: UInt64.self) == 0)
    #expect(gdt.number(at: 0x10, as: UInt64.self) == SegmentDescriptor.code64.encoded)
    #expect(gdt.number(at: 0x18, as: UInt64.self) == SegmentDescriptor.data.encoded)
    #expect(gdt.number(at: 0x20, as: UInt64.self) == SegmentDescriptor.task.encoded)
    #expect(gdt.number(at: 0x28, as: UInt64.self) == 0)
  }
}
