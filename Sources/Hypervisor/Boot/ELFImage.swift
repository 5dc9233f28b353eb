internal import Devices

/// An x86-64 ELF executable: a Linux vmlinux or a program for the bare machine (System V ABI,
/// "Object Files"; x86-64 supplement).
public struct ELFImage: Sendable {
  static let magic: [UInt8] = [0x7F, 0x45, 0x4C, 0x46]

  /// A PT_LOAD segment that takes memory.
  struct Segment: Hashable, Sendable {
    let fileOffset: UInt64
    let fileSize: UInt64
    let virtualAddress: UInt64
    /// The memory at p_paddr, at least `fileSize` bytes.
    let range: GuestRange
  }

  /// At least one, sorted by physical address.
  let segments: [Segment]
  /// How the image asks to be entered.
  public let entry: BootEntry

  init(_ file: ImageFile, head: LittleEndianBytes) throws(KernelFormatError) {
    let header = try ELFHeader(head, fileSize: file.size)
    let table = try header.programHeaders(of: file)

    if table.contains(where: { $0.type == .interpreter }) {
      throw KernelFormatError.elf(.dynamicProgram)
    }
    let segments = try Self.segments(table, fileSize: file.size)
    // What is linked for address 0 has its place chosen by an operating system.
    if header.isPositionIndependent, segments[0].range.base == 0 {
      throw KernelFormatError.elf(.positionIndependentProgram)
    }
    self.segments = segments

    if let address = try ELFNotes.pvhEntry(in: file, table) {
      guard segments.contains(where: { $0.range.contains(address) }) else {
        throw KernelFormatError.elf(.entryOutsideSegments(address.value))
      }
      entry = .pvh(entry: address)
    } else if let address = Self.physical(header.entry, in: segments) {
      entry = .linux64(entry: address)
    } else {
      throw KernelFormatError.elf(.entryOutsideSegments(header.entry))
    }
  }

  /// What a program header table wants loaded: at least one segment, sorted by physical address.
  static func segments(
    _ table: [ELFProgramHeader], fileSize: UInt64
  ) throws(KernelFormatError) -> [Segment] {
    var segments: [Segment] = []
    for program in table where program.type == .load && program.memorySize > 0 {
      segments.append(try program.segment(fileSize: fileSize))
    }
    if segments.isEmpty { throw KernelFormatError.elf(.noLoadableSegment) }
    return segments.sorted { $0.range.base < $1.range.base }
  }

  /// e_entry as a physical address. Linux gives a physical one; other programs may give a virtual one.
  static func physical(_ entry: UInt64, in segments: [Segment]) -> GuestAddress? {
    if segments.contains(where: { $0.range.contains(GuestAddress(entry)) }) { return GuestAddress(entry) }
    for segment in segments {
      let (offset, underflow) = entry.subtractingReportingOverflow(segment.virtualAddress)
      if !underflow, offset < segment.range.size { return segment.range.base.advanced(by: offset) }
    }
    return nil
  }

  var format: String {
    if case .pvh = entry { return "ELF x86-64, PVH entry" }
    return "ELF x86-64, 64-bit entry"
  }

  /// Each segment goes to its physical address.
  func placement(in memoryMap: MemoryMap) throws(KernelPlacementError) -> KernelPlacement {
    try KernelPlacement(segments, entry: entry, in: memoryMap)
  }
}
