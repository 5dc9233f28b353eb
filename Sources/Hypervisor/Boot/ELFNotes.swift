internal import Devices

/// Notes in the PT_NOTE segments of an ELF file (System V ABI, "Note Section").
enum ELFNotes {
  /// The most that is read of a file's notes, in bytes; a kernel has some hundred.
  private static let limit = 1 << 20

  /// XEN_ELFNOTE_PHYS32_ENTRY, where Xen's PVH boot ABI enters the image; nil where there is none.
  static func pvhEntry(
    in file: ImageFile, _ table: [ELFProgramHeader]
  ) throws(KernelFormatError) -> GuestAddress? {
    var left = limit
    for program in table where program.type == .note {
      try program.checkWithin(fileSize: file.size)
      let size = Int(min(program.fileSize, UInt64(left)))
      left -= size
      let notes = LittleEndianBytes(try file.bytes(at: program.offset, atMost: size))
      if let entry = pvhEntry(in: notes, alignment: program.alignment == 8 ? 8 : 4) { return entry }
    }
    return nil
  }

  private static func pvhEntry(in notes: LittleEndianBytes, alignment: Int) -> GuestAddress? {
    func padded(_ size: Int) -> Int { (size + alignment - 1) / alignment * alignment }
    var position = 0
    while position + 12 <= notes.count {
      let nameSize = Int(notes.number(at: position, as: UInt32.self))
      let contentSize = Int(notes.number(at: position + 4, as: UInt32.self))
      let type: UInt32 = notes.number(at: position + 8)
      let content = padded(position + 12 + nameSize)
      guard content + contentSize <= notes.count else { return nil }
      if type == 18, nameSize == 4, notes.holds("Xen\0", at: position + 12) {
        switch contentSize {
        case 4: return GuestAddress(UInt64(notes.number(at: content, as: UInt32.self)))
        case 8: return GuestAddress(notes.number(at: content))
        default: break
        }
      }
      position = padded(content + contentSize)
    }
    return nil
  }
}
