/// Why an ELF file cannot be booted.
public enum ELFError: Error, Hashable, Sendable {
  /// Where `part` should end and where the file does, in bytes.
  case truncated(part: String, end: UInt64, size: UInt64)
  /// For the machine with this number in e_machine.
  case class32(machine: UInt16)
  case otherMachine(machine: UInt16)
  case relocatable
  case core
  case dynamicProgram
  case tooManyProgramHeaders(Int)
  case positionIndependentProgram
  case noLoadableSegment
  case entryOutsideSegments(UInt64)
  /// A header field that cannot be, by its name.
  case contradiction(String)

  static func class32(_ machine: ELFMachine) -> ELFError { .class32(machine: machine.rawValue) }
  static func otherMachine(_ machine: ELFMachine) -> ELFError { .otherMachine(machine: machine.rawValue) }
}

extension ELFError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let part, let end, let size):
      "is a truncated ELF file: it has \(size) bytes, its \(part) ends at byte \(end)"
    case .class32(let machine): "is a 32-bit ELF file (\(ELFMachine(rawValue: machine).name))"
    case .otherMachine(let machine):
      "is an ELF file for another machine (\(ELFMachine(rawValue: machine).name)): this one is x86-64"
    case .relocatable: "is an object file or kernel module (ELF ET_REL), not a linked kernel"
    case .core: "is a core dump, not a kernel"
    case .dynamicProgram: "is a Linux program that asks for a dynamic linker, not a kernel"
    case .tooManyProgramHeaders(let count):
      "is an ELF file with \(count) program headers: no kernel has as many"
    case .positionIndependentProgram:
      "is a position-independent executable linked for address 0: a Linux program, not a kernel"
    case .noLoadableSegment: "is an ELF file without a PT_LOAD segment: there is nothing to load"
    case .entryOutsideSegments(let address):
      "has its entry at 0x\(String(address, radix: 16)), outside everything that it loads"
    case .contradiction(let field): "is a damaged ELF file: its \(field) cannot be right"
    }
  }

  public var hint: String {
    switch self {
    case .truncated, .contradiction, .tooManyProgramHeaders: "download, copy or build it again"
    case .class32: "build it for x86-64; of a 32-bit Linux give the bzImage (vmlinuz)"
    case .otherMachine: "give a kernel built for x86-64"
    case .relocatable: "link it; of Linux give the vmlinux or the bzImage (vmlinuz)"
    case .core, .dynamicProgram: "give a vmlinux or a bzImage (vmlinuz)"
    case .positionIndependentProgram:
      "give a vmlinux or a bzImage (vmlinuz); link a kernel of your own for a fixed address, such as 0x100000"
    case .noLoadableSegment: "a file of debugging symbols has none: give the vmlinux itself"
    case .entryOutsideSegments: "give the linker an entry (ENTRY) inside a loaded section"
    }
  }
}
