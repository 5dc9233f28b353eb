import Devices
import Testing

@testable import Hypervisor

/// By way of ELF files, which can ask for anything.
struct KernelPlacementTests {
  static func placement(_ segments: [ELFBuilder.Segment], mebibytes: UInt64 = 64) throws -> KernelPlacement {
    let builder = ELFBuilder(entry: segments[0].physical, segments: segments)
    return try ELFImageTests.image(builder).placement(in: MemoryMap(mebibytes: mebibytes))
  }

  static func error(_ segments: [ELFBuilder.Segment], mebibytes: UInt64 = 64) throws -> KernelPlacementError?
  {
    try thrown(KernelPlacementError.self) { try placement(segments, mebibytes: mebibytes) }
  }

  @Test func `segments go to their physical addresses, in any order`() throws {
    let placement = try Self.placement([
      .init(physical: 0x40_0000, content: [4], memorySize: 0x1000),
      .init(physical: 0x20_0000, content: [2, 2]),
    ])
    #expect(placement.pieces.map(\.range.base) == [0x20_0000, 0x40_0000])
    #expect(placement.pieces.map(\.fileSize) == [2, 1])
    #expect(placement.range == GuestRange(base: 0x20_0000, size: 0x20_1000))
  }

  @Test func `what the file does not hold of a segment is zeroed`() throws {
    let builder = ELFBuilder(segments: [.init(physical: 0x20_0000, content: [7, 8], memorySize: 5)])
    let file = try imageFile(builder.bytes)
    let map = MemoryMap(mebibytes: 4)
    let memory = try GuestMemory(map.ram)
    try memory.write(bytes: [9, 9, 9, 9, 9, 9, 9], at: 0x1F_FFFF)
    let placement = try ELFImageTests.image(builder).placement(in: map)
    try placement.load(file, into: memory)
    let bytes = try memory.readBytes(7, at: 0x1F_FFFF)
    #expect(bytes == [9, 7, 8, 0, 0, 0, 9])
  }

  @Test func `a segment fits the memory to the byte or not`() throws {
    _ = try Self.placement([.init(physical: 0x20_0000, memorySize: 0x3E0_0000)])
    let error = try Self.error([.init(physical: 0x20_0000, memorySize: 0x3E0_0001)])
    #expect(error == .memoryTooSmall(needed: 65, available: 64))
  }

  @Test func `low memory may be used to its end`() throws {
    let placement = try Self.placement([.init(physical: 0, memorySize: 0x9_FC00)])
    #expect(placement.range.last == 0x9_FBFF)
  }

  @Test func `there is no RAM in the legacy hole, in the PCI hole and past 4 GiB for a segment`() throws {
    for address in [0x9_FC00, 0xA_0000, 0xE_0000, 0xC000_0000, 0x1_0000_0000] as [UInt64] {
      let error = try Self.error([.init(physical: address, memorySize: 0x1000)], mebibytes: 6144)
      #expect(error == .noRAM(GuestRange(base: GuestAddress(address), size: 0x1000)))
    }
  }

  @Test func `segments may touch and must not overlap`() throws {
    _ = try Self.placement([
      .init(physical: 0x20_0000, memorySize: 0x1000), .init(physical: 0x20_1000, memorySize: 0x1000),
    ])
    let error = try Self.error([
      .init(physical: 0x20_0FFF, memorySize: 0x1000), .init(physical: 0x20_0000, memorySize: 0x1000),
    ])
    #expect(
      error?.description
        == "has segments that overlap in memory, 0x200000-0x200fff and 0x200fff-0x201ffe")
  }
}
