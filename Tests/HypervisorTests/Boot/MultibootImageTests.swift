import Devices
import Testing

@testable import Hypervisor

struct MultibootImageTests {
  static func image(_ bytes: [UInt8]) throws -> MultibootImage? {
    guard case .multiboot(let image) = try KernelImage.recognise(imageFile(bytes)) else { return nil }
    return image
  }

  @Test func `a 32-bit ELF file with the header is entered at its entry`() throws {
    let image = try #require(try Self.image(MultibootBuilder().bytes))
    #expect(image.format == "multiboot, ELF 32-bit")
    let placement = try image.placement(in: MemoryMap(mebibytes: 16))
    #expect(placement.entry == .multiboot(entry: 0x10_0010))
    #expect(placement.range == GuestRange(base: 0x10_0000, size: 0x2000))
    #expect(placement.pieces.map(\.fileOffset) == [0x1000])
  }

  @Test func `a virtual entry is translated by its segment`() throws {
    let image = try Self.image(MultibootBuilder(entry: 0xC010_0010, virtual: 0xC010_0000).bytes)
    #expect(image?.entry == 0x10_0010)
  }

  @Test func `the header is found at the end of what is searched, and not behind it`() throws {
    // A header of 12 bytes.
    #expect(try Self.image(MultibootBuilder(headerOffset: 8192 - 12).bytes) != nil)
    for builder in [
      MultibootBuilder(headerOffset: 8192 - 8), MultibootBuilder(headerOffset: 0x1002),
      MultibootBuilder(checksumError: 1),
    ] {
      #expect(try KernelImageTests.error(builder.bytes) == .elf(.class32(machine: 3)))
    }
  }

  @Test func `raw bytes go where the header says, zeroes behind them`() throws {
    let bytes = MultibootBuilder.raw()
    let image = try #require(try Self.image(bytes))
    #expect(image.format == "multiboot, raw")
    let placement = try image.placement(in: MemoryMap(mebibytes: 16))
    #expect(placement.entry == .multiboot(entry: 0x20_0060))
    #expect(
      placement.pieces == [
        .init(
          fileOffset: 0, fileSize: UInt64(bytes.count), range: GuestRange(base: 0x20_0000, size: 0x1000))
      ])
  }

  @Test func `what lies in the file before the load address is left out, and what lies behind its end`()
    throws
  {
    let image = try #require(
      try Self.image(MultibootBuilder.raw(load: 0x20_0040, loadEnd: 0x20_0068, zeroEnd: 0)))
    let piece = try image.placement(in: MemoryMap(mebibytes: 16)).pieces
    #expect(
      piece == [.init(fileOffset: 64, fileSize: 0x28, range: GuestRange(base: 0x20_0040, size: 0x28))])
  }

  @Test func `the header's addresses come before an ELF header's`() throws {
    var bytes = MultibootBuilder(flags: 1 << 16 | 3).bytes
    bytes.removeLast(4)
    let addresses: [UInt32] = [0x30_1000, 0x30_0000, 0, 0, 0x30_1000]
    bytes = Array(bytes.prefix(0x1000)) + MultibootBuilder.header(flags: 1 << 16 | 3, addresses: addresses)
    let image = try #require(try Self.image(bytes))
    #expect(image.format == "multiboot, raw")
    #expect(image.entry == 0x30_1000)
  }

  @Test func `a 64-bit ELF file with the header is entered in 32-bit mode, one with a PVH note by that`()
    throws
  {
    var builder = ELFBuilder()
    builder.segments[0].content = MultibootBuilder.header(flags: 0)
    #expect(try Self.image(builder.bytes)?.entry == 0x20_0000)
    builder.segments.append(ELFBuilder.notes(content: [0, 0, 0x20, 0]))
    #expect(try Self.image(builder.bytes) == nil)
  }

  @Test func `flags that need not be understood are passed over`() throws {
    #expect(try Self.image(MultibootBuilder(flags: 0xFFFE_0003).bytes) != nil)
  }

  static let refused: [(bytes: [UInt8], sentence: String)] = [
    (
      MultibootBuilder(flags: 7).bytes,
      "is a multiboot image that asks for a video mode, and the machine has no graphics"
    ),
    (
      MultibootBuilder(flags: 0x8013).bytes,
      "is a multiboot image that requires what swiftvm does not know (flags 0x8010)"
    ),
    (
      Array(repeating: 0xF4, count: 32) + MultibootBuilder.header(flags: 3),
      "has a multiboot header that does not say where it goes, and is no ELF file"
    ),
    (
      MultibootBuilder.raw(load: 0x20_0041), "has a damaged multiboot header: its load_addr cannot be right"
    ),
    (
      MultibootBuilder.raw(load: 0x1F_FFFF), "has a damaged multiboot header: its load_addr cannot be right"
    ),
    (
      MultibootBuilder.raw(loadEnd: 0x20_0000),
      "has a damaged multiboot header: its load_end_addr cannot be right"
    ),
    (
      MultibootBuilder.raw(loadEnd: 0x20_0100),
      "is a truncated multiboot image: it has 112 bytes, what is loaded ends at byte 256"
    ),
    (
      MultibootBuilder.raw(zeroEnd: 0x20_0001),
      "has a damaged multiboot header: its bss_end_addr cannot be right"
    ),
    (
      MultibootBuilder.raw(entry: 0x20_1000), "has its entry at 0x201000, outside everything that it loads"
    ),
    (
      MultibootBuilder(entry: 0x20).bytes, "has its entry at 0x20, outside everything that it loads"
    ),
    (
      MultibootBuilder(machine: 40).bytes, "is an ELF file for another machine (ARM): this one is x86-64"
    ),
    (
      MultibootBuilder(type: 1).bytes,
      "is an object file or kernel module (ELF ET_REL), not a linked kernel"
    ),
    (
      MultibootBuilder(programHeaderSize: 56).bytes,
      "is a damaged ELF file: its e_phentsize cannot be right"
    ),
  ]

  @Test(arguments: refused)
  func `each image that cannot be booted has its sentence`(bytes: [UInt8], sentence: String) throws {
    let error = try KernelImageTests.error(bytes)
    #expect(error?.description == sentence)
    #expect(error?.hint?.isEmpty == false)
  }
}
