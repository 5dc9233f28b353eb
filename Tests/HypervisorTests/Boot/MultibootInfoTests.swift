import Devices
import Testing

@testable import Hypervisor

struct MultibootInfoTests {
  private func text(_ bytes: LittleEndianBytes, at address: UInt32) -> String {
    String(decoding: bytes.bytes[Int(address - 0x6000)...].prefix { $0 != 0 }, as: UTF8.self)
  }

  private func info(_ module: MultibootInfo.Module?, mebibytes: UInt64 = 6144) -> LittleEndianBytes {
    LittleEndianBytes(
      MultibootInfo(
        at: 0x6000, commandLine: 0x2_0000, module: module, memoryMap: MemoryMap(mebibytes: mebibytes)
      ).bytes)
  }

  @Test(arguments: [nil, MultibootInfo.Module(range: GuestRange(base: 0x70_0000, size: 5), name: "a.img")])
  func `command line, memory map and loader's name are given`(module: MultibootInfo.Module?) {
    let info = info(module)
    #expect(info.number(at: 0, as: UInt32.self) == 0x24D)
    #expect(info.number(at: 16, as: UInt32.self) == 0x2_0000)
    #expect(text(info, at: info.number(at: 64)) == "swiftvm")
    let entries = MemoryMap(mebibytes: 6144).entries
    #expect(Int(info.number(at: 44, as: UInt32.self)) == entries.count * 24)
    let map = Int(info.number(at: 48, as: UInt32.self)) - 0x6000
    for (index, entry) in entries.enumerated() {
      let offset = map + index * 24
      #expect(info.number(at: offset, as: UInt32.self) == 20)
      #expect(info.number(at: offset + 4, as: UInt64.self) == entry.range.base.value)
      #expect(info.number(at: offset + 12, as: UInt64.self) == entry.range.size)
      #expect(info.number(at: offset + 20, as: UInt32.self) == entry.kind.rawValue)
    }
  }

  @Test func `the memory below and above 1 MiB ends where the map's does`() {
    let small = info(nil, mebibytes: 16)
    #expect(small.number(at: 4, as: UInt32.self) == 639)
    #expect(small.number(at: 8, as: UInt32.self) == 15 << 10)
    #expect(info(nil).number(at: 8, as: UInt32.self) == 3071 << 10)
    #expect(info(nil, mebibytes: 1).number(at: 8, as: UInt32.self) == 0)
  }

  @Test func `the initrd is the one module, with its name`() {
    let info = info(.init(range: GuestRange(base: 0x70_0000, size: 0x1234), name: "boot/a.img"))
    #expect(info.number(at: 20, as: UInt32.self) == 1)
    let list = Int(info.number(at: 24, as: UInt32.self)) - 0x6000
    #expect(list >= 120)
    #expect(info.number(at: list, as: UInt32.self) == 0x70_0000)
    #expect(info.number(at: list + 4, as: UInt32.self) == 0x70_1234)
    #expect(text(info, at: info.number(at: list + 8)) == "boot/a.img")
  }

  @Test func `without an initrd there is no module, and a name of any length fits`() {
    #expect(info(nil).number(at: 20, as: UInt32.self) == 0)
    let long = info(
      .init(range: GuestRange(base: 0x70_0000, size: 1), name: String(repeating: "x", count: 5000)))
    #expect(long.count <= MultibootInfo.capacity)
    #expect(long.bytes.last == 0)
  }

  @Test func `a Multiboot image is complete in memory`() throws {
    let (loaded, memory) = try BootLoaderTests.load(
      MultibootBuilder().bytes, initrd: [1, 2, 3], append: ["one", "two"])
    #expect(loaded.entry == .multiboot(entry: 0x10_0010))
    #expect(loaded.format == "multiboot, ELF 32-bit")
    #expect(!loaded.isLinux)
    // The file's name, and none of what Linux is told by default.
    #expect(loaded.commandLine == "vmlinuz one two")
    #expect(try memory.readBytes(16, at: Layout.commandLine) == Array("vmlinuz one two\0".utf8))
    #expect(try memory.readBytes(BootGDT.size, at: Layout.gdt) == BootGDT.bytes(code: .code32))
    let info = LittleEndianBytes(try memory.readBytes(4096, at: Layout.startInfo))
    let module = Int(info.number(at: 24, as: UInt32.self) - 0x6000)
    let place = GuestAddress(UInt64(info.number(at: module, as: UInt32.self)))
    #expect(place == loaded.initrd?.base)
    #expect(try memory.readBytes(3, at: place) == [1, 2, 3])
    #expect(try memory.readBytes(4, at: 0x10_000C) == Array("code".utf8))
  }
}
