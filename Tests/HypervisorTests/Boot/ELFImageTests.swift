import Devices
import Testing

@testable import Hypervisor

struct ELFImageTests {
  static func image(_ builder: ELFBuilder) throws -> ELFImage {
    let file = try imageFile(builder.bytes)
    return try ELFImage(file, head: LittleEndianBytes(try file.head(4096)))
  }

  static func error(_ builder: ELFBuilder) throws -> ELFError? {
    guard case .elf(let error)? = try KernelImageTests.error(builder.bytes) else { return nil }
    return error
  }

  @Test(arguments: [2, 3] as [UInt16])
  func `executables are entered at their entry in 64-bit mode`(type: UInt16) throws {
    let image = try Self.image(ELFBuilder(type: type))
    #expect(image.entry == .linux64(entry: 0x20_0000))
    #expect(image.format == "ELF x86-64, 64-bit entry")
  }

  @Test func `a program that may lie anywhere is no kernel`() throws {
    let segments = [
      ELFBuilder.Segment(virtual: 0x1000, physical: 0x1000, memorySize: 0x1000),
      ELFBuilder.Segment(virtual: 0, physical: 0, memorySize: 0x1000),
    ]
    let error = try Self.error(ELFBuilder(type: 3, entry: 0x1000, segments: segments))
    #expect(error == .positionIndependentProgram)
    #expect(error?.description.contains("a Linux program, not a kernel") == true)
    #expect(try Self.error(ELFBuilder(type: 2, entry: 0x1000, segments: segments)) == nil)
  }

  @Test func `a virtual entry is translated by its segment`() throws {
    let segments = [
      ELFBuilder.Segment(virtual: 0, physical: 0x40_0000, memorySize: 0x1000),
      ELFBuilder.Segment(virtual: 0xFFFF_FFFF_8100_0000, physical: 0x20_0000, memorySize: 0x1000),
    ]
    let image = try Self.image(ELFBuilder(entry: 0xFFFF_FFFF_8100_0FFF, segments: segments))
    #expect(image.entry == .linux64(entry: 0x20_0FFF))
  }

  @Test func `an entry that is physical is not translated`() throws {
    let segments = [
      ELFBuilder.Segment(virtual: 0, physical: 0x20_0000, memorySize: 0x10_0000),
      ELFBuilder.Segment(virtual: 0x20_0000, physical: 0x40_0000, memorySize: 0x10_0000),
    ]
    let image = try Self.image(ELFBuilder(entry: 0x20_0010, segments: segments))
    #expect(image.entry == .linux64(entry: 0x20_0010))
  }

  @Test func `an entry in no segment is refused`() throws {
    let error = try Self.error(ELFBuilder(entry: 0x20_0006))
    #expect(error == .entryOutsideSegments(0x20_0006))
    #expect(error?.description == "has its entry at 0x200006, outside everything that it loads")
  }

  @Test(
    arguments: [
      ([0x02, 0x00, 0x20, 0x00], 4),
      ([0x02, 0x00, 0x20, 0x00, 0, 0, 0, 0], 4),
      ([0x02, 0x00, 0x20, 0x00, 0, 0, 0, 0], 8),
    ] as [([UInt8], Int)])
  func `a PVH note of either size comes before the entry`(content: [UInt8], alignment: Int) throws {
    var builder = ELFBuilder()
    builder.segments.append(ELFBuilder.notes(content: content, alignment: alignment))
    let image = try Self.image(builder)
    #expect(image.entry == .pvh(entry: 0x20_0002))
    #expect(image.format == "ELF x86-64, PVH entry")
  }

  @Test func `notes of others, of other types and of odd sizes are passed over`() throws {
    for note in [
      ELFBuilder.notes(name: "Foo", content: [2, 0, 0x20, 0]),
      ELFBuilder.notes(type: 17, content: [2, 0, 0x20, 0]),
      ELFBuilder.notes(content: [2, 0, 0x20]),
    ] {
      var builder = ELFBuilder()
      builder.segments.append(note)
      let image = try Self.image(builder)
      #expect(image.entry == .linux64(entry: 0x20_0000))
    }
  }

  @Test func `a PVH note that points nowhere is refused`() throws {
    var builder = ELFBuilder()
    builder.segments.append(ELFBuilder.notes(content: [0, 0, 0x30, 0]))
    let error = try Self.error(builder)
    #expect(error == .entryOutsideSegments(0x30_0000))
  }

  @Test func `notes that end before their content are no notes`() throws {
    var builder = ELFBuilder()
    var notes = ELFBuilder.notes(content: [2, 0, 0x20, 0])
    notes.content.removeLast()
    builder.segments.append(notes)
    let image = try Self.image(builder)
    #expect(image.entry == .linux64(entry: 0x20_0000))
  }

  @Test func `more notes than any kernel has are not looked through`() throws {
    var builder = ELFBuilder()
    // Notes without name and content, and behind them, and then behind another segment of them, the one for PVH.
    let notes = ELFBuilder.notes(content: [2, 0, 0x20, 0])
    for size in [1 << 19, 1 << 20] {
      var other = notes
      other.content = [UInt8](repeating: 0, count: size)
      builder.segments.append(other)
      var image = builder
      image.segments.append(notes)
      let isFound = size < 1 << 20
      #expect(try Self.image(image).entry == (isFound ? .pvh(entry: 0x20_0002) : .linux64(entry: 0x20_0000)))
    }
  }

  @Test func `as many program headers as Linux takes are taken, and not one more`() throws {
    var builder = ELFBuilder()
    let filler = ELFBuilder.Segment(type: 0, physical: 0)
    builder.segments += Array(repeating: filler, count: 1169)
    #expect(try Self.image(builder).entry == .linux64(entry: 0x20_0000))
    builder.segments.append(filler)
    let error = try Self.error(builder)
    #expect(error?.description == "is an ELF file with 1171 program headers: no kernel has as many")
    #expect(error?.hint == "download, copy or build it again")
  }

  static let refused: [(ELFBuilder, String)] = [
    (ELFBuilder(fileClass: 1, machine: 3), "is a 32-bit ELF file (80386)"),
    (
      ELFBuilder(machine: 183),
      "is an ELF file for another machine (AArch64): this one is x86-64"
    ),
    (
      ELFBuilder(machine: 243),
      "is an ELF file for another machine (RISC-V): this one is x86-64"
    ),
    (
      ELFBuilder(data: 2, machine: 22),
      "is an ELF file for another machine (S/390): this one is x86-64"
    ),
    (
      ELFBuilder(machine: 9999),
      "is an ELF file for another machine (machine number 9999): this one is x86-64"
    ),
    (ELFBuilder(type: 1), "is an object file or kernel module (ELF ET_REL), not a linked kernel"),
    (ELFBuilder(type: 4), "is a core dump, not a kernel"),
    (ELFBuilder(type: 5), "is a damaged ELF file: its e_type cannot be right"),
    (ELFBuilder(fileClass: 3), "is a damaged ELF file: its EI_CLASS cannot be right"),
    (ELFBuilder(programHeaderSize: 32), "is a damaged ELF file: its e_phentsize cannot be right"),
    (ELFBuilder(segments: []), "is an ELF file without a PT_LOAD segment: there is nothing to load"),
    (
      ELFBuilder(segments: [.init(physical: 0x20_0000)]),
      "is an ELF file without a PT_LOAD segment: there is nothing to load"
    ),
    (
      ELFBuilder(segments: [.init(type: 3, physical: 0), .init(physical: 0x20_0000, memorySize: 1)]),
      "is a Linux program that asks for a dynamic linker, not a kernel"
    ),
    (
      ELFBuilder(segments: [.init(physical: 0x20_0000, content: [1, 2, 3], memorySize: 2)]),
      "is a damaged ELF file: its p_filesz cannot be right"
    ),
    (
      ELFBuilder(segments: [.init(physical: .max, content: [1], memorySize: 2)]),
      "is a damaged ELF file: its p_memsz cannot be right"
    ),
    (
      ELFBuilder(segments: [.init(physical: 0x20_0000, memorySize: 0x100, fileSize: 0x100)]),
      "is a truncated ELF file: it has 120 bytes, its segment ends at byte 376"
    ),
  ]

  @Test(arguments: refused)
  func `each ELF file that cannot be booted has its sentence`(
    builder: ELFBuilder, sentence: String
  ) throws {
    let error = try Self.error(builder)
    #expect(error?.description == sentence)
    #expect(error?.hint.isEmpty == false)
  }

  @Test func `every prefix of an ELF file is refused as truncated`() throws {
    let bytes = ELFBuilder().bytes
    for size in 4..<bytes.count {
      guard case .elf(.truncated)? = try KernelImageTests.error(Array(bytes.prefix(size))) else {
        Issue.record("\(size) bytes are not truncated")
        return
      }
    }
    let whole = try KernelImageTests.error(bytes)
    #expect(whole == nil)
  }
}
