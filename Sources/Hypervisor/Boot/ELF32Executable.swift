internal import Devices

/// What is to be loaded of a 32-bit x86 ELF executable (System V ABI, "Object Files"; i386 supplement).
struct ELF32Executable: Hashable, Sendable {
  static let headerSize = 52
  static let programHeaderSize = 32

  /// At least one, sorted by physical address.
  let segments: [ELFImage.Segment]
  /// A physical address.
  let entry: GuestAddress

  init(_ file: ImageFile, head: LittleEndianBytes) throws(KernelFormatError) {
    guard head.count >= Self.headerSize else {
      throw .elf(.truncated(part: "header", end: UInt64(Self.headerSize), size: file.size))
    }
    let machine = ELFMachine(rawValue: head.number(at: 18))
    guard head.number(at: 4, as: UInt8.self) == 1 else { throw .elf(.contradiction("EI_CLASS")) }
    guard head.number(at: 5, as: UInt8.self) == 1, [.i386, .amd64].contains(machine) else {
      throw .elf(.otherMachine(machine))
    }
    switch head.number(at: 16, as: UInt16.self) {
    case 1: throw .elf(.relocatable)
    case 2, 3: break
    case 4: throw .elf(.core)
    default: throw .elf(.contradiction("e_type"))
    }
    let table = try Self.programHeaders(of: file, head)
    if table.contains(where: { $0.type == .interpreter }) { throw .elf(.dynamicProgram) }
    let segments = try ELFImage.segments(table, fileSize: file.size)
    let entry = UInt64(head.number(at: 24, as: UInt32.self))
    guard let address = ELFImage.physical(entry, in: segments) else {
      throw .elf(.entryOutsideSegments(entry))
    }
    self.segments = segments
    self.entry = address
  }

  private static func programHeaders(
    of file: ImageFile, _ head: LittleEndianBytes
  ) throws(KernelFormatError) -> [ELFProgramHeader] {
    let offset = UInt64(head.number(at: 28, as: UInt32.self))
    let count = Int(head.number(at: 44, as: UInt16.self))
    try ELFHeader.check(count: count)
    if count > 0, Int(head.number(at: 42, as: UInt16.self)) != programHeaderSize {
      throw .elf(.contradiction("e_phentsize"))
    }
    let size = count * programHeaderSize
    guard offset + UInt64(size) <= file.size else {
      throw .elf(.truncated(part: "program header table", end: offset + UInt64(size), size: file.size))
    }
    let table = LittleEndianBytes(try file.bytes(at: offset, atMost: size))
    return (0..<count).map { ELFProgramHeader(table32: table, at: $0 * programHeaderSize) }
  }
}
