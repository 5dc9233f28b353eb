import Devices
import Testing

@testable import Hypervisor

struct BootLoaderTests {
  static func load(
    _ kernel: [UInt8], initrd: [UInt8]? = nil, append: [String] = [], mebibytes: UInt64 = 64,
    into given: GuestMemory? = nil
  ) throws -> (loaded: LoadedKernel, memory: GuestMemory) {
    let map = MemoryMap(mebibytes: mebibytes)
    let memory = try given ?? GuestMemory(map.ram)
    let source = BootSource.kernel(
      try imageFile(kernel, name: "vmlinuz"),
      initrd: try initrd.map { try imageFile($0, name: "initrd.img") },
      commandLine: try KernelCommandLine(append: append))
    let loader = BootLoader(source: source, memoryMap: map, rsdp: 0xE_0000)
    return (try loader.load(into: memory), memory)
  }

  static func error(
    _ kernel: [UInt8], initrd: [UInt8]? = nil, append: [String] = [], mebibytes: UInt64 = 64
  ) throws -> BootError? {
    try thrown(BootError.self) {
      try load(kernel, initrd: initrd, append: append, mebibytes: mebibytes)
    }
  }

  @Test(arguments: [64, 3072, 6144] as [UInt64])
  func `a bzImage is complete in memory`(mebibytes: UInt64) throws {
    let builder = BzImageBuilder()
    let initrd = [UInt8](repeating: 0x5A, count: 5000)
    let (loaded, memory) = try Self.load(
      builder.bytes, initrd: initrd, append: ["quiet"], mebibytes: mebibytes)
    #expect(loaded.entry == .linux64(entry: 0x100_0200))
    #expect(loaded.format == "bzImage, Linux 6.1.0-test, protocol 2.15, 64-bit entry")
    #expect(loaded.range == GuestRange(base: 0x100_0000, size: 0x100_0000))
    #expect(loaded.commandLine == "console=ttyS0 quiet")

    let kernel = try memory.readBytes(builder.kernel.count, at: 0x100_0000)
    #expect(kernel == builder.kernel)
    let place = try #require(loaded.initrd)
    #expect(place.base.value == min(mebibytes << 20, 0x8000_0000) - 0x2000)
    let ramdisk = try memory.readBytes(initrd.count, at: place.base)
    #expect(ramdisk == initrd)

    let page = LittleEndianBytes(try memory.readBytes(4096, at: Layout.bootParameters))
    #expect(UInt64(page.number(at: 0x218, as: UInt32.self)) == place.base.value)
    #expect(page.number(at: 0x21C, as: UInt32.self) == 5000)
    let line = try memory.readBytes(20, at: Layout.commandLine)
    #expect(line == Array("console=ttyS0 quiet\0".utf8))
    let gdt = try memory.readBytes(BootGDT.size, at: Layout.gdt)
    #expect(gdt == BootGDT.bytes(code: .code64))
    let tables = try memory.readBytes(LongMode.size, at: Layout.pageTables)
    #expect(tables == LongMode.pageTables(at: Layout.pageTables))
  }

  @Test func `the 32-bit entry has a 32-bit code segment and boot_params`() throws {
    let (loaded, memory) = try Self.load(BzImageBuilder(extendedLoadFlags: 0).bytes)
    #expect(loaded.entry == .linux32(entry: 0x100_0000))
    let gdt = try memory.readBytes(BootGDT.size, at: Layout.gdt)
    #expect(gdt == BootGDT.bytes(code: .code32))
    let magic = try memory.readBytes(4, at: 0x7202)
    #expect(magic == Array("HdrS".utf8))
  }

  @Test func `a PVH kernel finds its start info`() throws {
    var builder = ELFBuilder()
    builder.segments.append(ELFBuilder.notes(content: [0, 0, 0x20, 0]))
    let (loaded, memory) = try Self.load(builder.bytes, initrd: [1, 2, 3])
    #expect(loaded.entry == .pvh(entry: 0x20_0000))
    #expect(loaded.format == "ELF x86-64, PVH entry")
    let kernel = try memory.readBytes(6, at: 0x20_0000)
    #expect(kernel == Array("kernel".utf8))
    let info = LittleEndianBytes(try memory.readBytes(4096, at: Layout.startInfo))
    #expect(info.number(at: 0, as: UInt32.self) == 0x336E_C578)
    let module = Int(info.number(at: 16, as: UInt64.self) - Layout.startInfo.value)
    #expect(info.number(at: module, as: UInt64.self) == loaded.initrd?.base.value)
    let gdt = try memory.readBytes(BootGDT.size, at: Layout.gdt)
    #expect(gdt == BootGDT.bytes(code: .code32))
  }

  @Test func `what the boot needs makes room for an image below 1 MiB, and is found there`() throws {
    // From the GDT to beyond the command line.
    var builder = ELFBuilder(entry: 0x500)
    builder.segments = [.init(physical: 0x500, content: [0xF4], memorySize: 0x4_0000)]
    let (loaded, memory) = try Self.load(builder.bytes, append: ["quiet"])
    let places = loaded.places
    #expect(try memory.readBytes(BootGDT.size, at: places[.gdt]) == BootGDT.bytes(code: .code64))
    #expect(
      try memory.readBytes(LongMode.size, at: places[.pageTables])
        == LongMode.pageTables(at: places[.pageTables]))
    let page = LittleEndianBytes(try memory.readBytes(4096, at: places[.bootParameters]))
    #expect(page.holds("HdrS", at: 0x202))
    #expect(UInt64(page.number(at: 0x228, as: UInt32.self)) == places[.commandLine].value)
    #expect(try memory.readBytes(20, at: places[.commandLine]) == Array("console=ttyS0 quiet\0".utf8))
    let image = try memory.readBytes(0x4_0000, at: 0x500)
    #expect(image == [0xF4] + Array(repeating: 0, count: 0x3_FFFF))
  }

  @Test func `an ELF kernel without a note gets boot_params`() throws {
    let (loaded, memory) = try Self.load(ELFBuilder().bytes)
    #expect(loaded.entry == .linux64(entry: 0x20_0000))
    let magic = try memory.readBytes(4, at: 0x7202)
    #expect(magic == Array("HdrS".utf8))
  }

  @Test func `a reboot finds everything as at the first start`() throws {
    let builder = BzImageBuilder()
    let map = MemoryMap(mebibytes: 64)
    let memory = try GuestMemory(map.ram)
    let loader = BootLoader(
      source: .kernel(try imageFile(builder.bytes), initrd: nil, commandLine: try KernelCommandLine()),
      memoryMap: map, rsdp: 0xE_0000)
    let first = try loader.load(into: memory)
    for address in [0x500, 0x7000, 0x9000, 0x2_0000, 0x100_0000] as [GuestAddress] {
      try memory.write(UInt64.max, at: address)
    }
    let second = try loader.load(into: memory)
    #expect(first == second)
    let kernel = try memory.readBytes(builder.kernel.count, at: 0x100_0000)
    #expect(kernel == builder.kernel)
    let page = try memory.readBytes(16, at: Layout.bootParameters)
    #expect(page == [UInt8](repeating: 0, count: 16))
    let line = try memory.readBytes(8, at: Layout.commandLine)
    #expect(line == Array("console=".utf8))
  }

  @Test func `errors name the file, what is wrong and what to do`() throws {
    let format = try Self.error([0x1F, 0x8B])
    #expect(
      format?.description == "kernel vmlinuz is a gzip-compressed file, maybe a compressed vmlinux")
    #expect(format?.hint == "unpack it (gunzip < FILE > vmlinux) or give the bzImage (vmlinuz)")

    let placement = try Self.error(BzImageBuilder().bytes, mebibytes: 16)
    #expect(
      placement?.description
        == "kernel vmlinuz needs at least 32 MiB of memory to start, the machine has 16 MiB")
    #expect(placement?.hint == "give it at least 32 MiB of memory")

    let initrd = try Self.error(BzImageBuilder().bytes, initrd: [])
    #expect(initrd?.description == "initrd initrd.img is empty")

    let line = try Self.error(BzImageBuilder(commandLineSize: 16).bytes, append: ["quiet"])
    #expect(line?.description == "the kernel command line has 19 bytes, this kernel takes 16")
  }

  @Test func `nothing is written where something does not fit`() throws {
    let map = MemoryMap(mebibytes: 64)
    let memory = try GuestMemory(map.ram)
    #expect(throws: BootError.initrd(name: "initrd.img", .empty)) {
      try Self.load(BzImageBuilder().bytes, initrd: [], into: memory)
    }
    for address in [0x500, 0x7200, 0x9000, 0x2_0000, 0x100_0001] as [GuestAddress] {
      let value = try memory.read(UInt64.self, at: address)
      #expect(value == 0)
    }
  }

  @Test func `memory that the map promises and the machine has not is an error`() throws {
    let memory = try GuestMemory([GuestRange(base: 0, size: 0x10_0000)])
    #expect(throws: BootError.kernelFile(name: "vmlinuz", .outsideGuestMemory(0x100_0000, size: 0x1000))) {
      try Self.load(BzImageBuilder().bytes, into: memory)
    }
  }
}
