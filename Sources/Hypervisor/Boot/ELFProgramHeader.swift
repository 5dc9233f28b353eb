internal import Devices

/// An entry of an ELF64 program header table.
struct ELFProgramHeader: Hashable, Sendable {
  /// p_type.
  struct Kind: RawRepresentable, Hashable, Sendable {
    let rawValue: UInt32

    static let load = Kind(rawValue: 1)
    static let interpreter = Kind(rawValue: 3)
    static let note = Kind(rawValue: 4)
  }

  let type: Kind
  let offset: UInt64
  let virtualAddress: UInt64
  let physicalAddress: UInt64
  let fileSize: UInt64
  let memorySize: UInt64
  let alignment: UInt64

  init(_ table: LittleEndianBytes, at start: Int) {
    type = Kind(rawValue: table.number(at: start))
    offset = table.number(at: start + 8)
    virtualAddress = table.number(at: start + 16)
    physicalAddress = table.number(at: start + 24)
    fileSize = table.number(at: start + 32)
    memorySize = table.number(at: start + 40)
    alignment = table.number(at: start + 48)
  }

  /// The same of an ELF32 table, where the fields have another order and width.
  init(table32 table: LittleEndianBytes, at start: Int) {
    func word(_ offset: Int) -> UInt32 { table.number(at: start + offset) }
    type = Kind(rawValue: word(0))
    offset = UInt64(word(4))
    virtualAddress = UInt64(word(8))
    physicalAddress = UInt64(word(12))
    fileSize = UInt64(word(16))
    memorySize = UInt64(word(20))
    alignment = UInt64(word(28))
  }

  /// Throws where the file ends before the segment does.
  func checkWithin(fileSize limit: UInt64) throws(KernelFormatError) {
    let (end, overflow) = offset.addingReportingOverflow(fileSize)
    guard !overflow, end <= limit else {
      throw KernelFormatError.elf(
        .truncated(part: "segment", end: overflow ? UInt64.max : end, size: limit))
    }
  }

  /// The segment to load, for a PT_LOAD that takes memory.
  func segment(fileSize limit: UInt64) throws(KernelFormatError) -> ELFImage.Segment {
    guard fileSize <= memorySize else { throw KernelFormatError.elf(.contradiction("p_filesz")) }
    try checkWithin(fileSize: limit)
    guard let range = GuestRange(exactly: physicalAddress, size: memorySize) else {
      throw KernelFormatError.elf(.contradiction("p_memsz"))
    }
    return ELFImage.Segment(
      fileOffset: offset, fileSize: fileSize, virtualAddress: virtualAddress, range: range)
  }
}
