/// The header at the start of an ELF64 file, checked to be an executable for this machine.
struct ELFHeader: Hashable, Sendable {
  static let size = 64
  static let programHeaderSize = 56

  let entry: UInt64
  /// Whether the file is a shared object (ET_DYN), as a program is that may lie anywhere.
  let isPositionIndependent: Bool
  private let tableOffset: UInt64
  private let tableCount: Int

  init(_ head: LittleEndianBytes, fileSize: UInt64) throws(KernelFormatError) {
    guard head.count >= Self.size else {
      throw KernelFormatError.elf(.truncated(part: "header", end: UInt64(Self.size), size: fileSize))
    }
    if let error = Self.check(head) { throw KernelFormatError.elf(error) }
    entry = head.number(at: 24)
    isPositionIndependent = head.number(at: 16, as: UInt16.self) == 3
    tableOffset = head.number(at: 32)
    tableCount = Int(head.number(at: 56, as: UInt16.self))
    try Self.check(count: tableCount)
    // Readers must take the stride from e_phentsize; no file of this class and machine has another.
    if tableCount > 0, Int(head.number(at: 54, as: UInt16.self)) != Self.programHeaderSize {
      throw KernelFormatError.elf(.contradiction("e_phentsize"))
    }
  }

  /// Linux runs no program with more of them than 64 KiB hold either.
  static func check(count: Int) throws(KernelFormatError) {
    if count > (1 << 16) / programHeaderSize { throw .elf(.tooManyProgramHeaders(count)) }
  }

  private static func check(_ head: LittleEndianBytes) -> ELFError? {
    let isLittleEndian = head.number(at: 5, as: UInt8.self) == 1
    func half(at offset: Int) -> UInt16 {
      let value: UInt16 = head.number(at: offset)
      return isLittleEndian ? value : value.byteSwapped
    }
    let machine = ELFMachine(rawValue: half(at: 18))
    switch head.number(at: 4, as: UInt8.self) {
    case 1: return .class32(machine)
    case 2: break
    default: return .contradiction("EI_CLASS")
    }
    guard machine == .amd64, isLittleEndian else { return .otherMachine(machine) }
    switch half(at: 16) {
    case 1: return .relocatable
    case 2, 3: return nil
    case 4: return .core
    default: return .contradiction("e_type")
    }
  }

  func programHeaders(of file: ImageFile) throws(KernelFormatError) -> [ELFProgramHeader] {
    let size = tableCount * Self.programHeaderSize
    let (end, overflow) = tableOffset.addingReportingOverflow(UInt64(size))
    guard !overflow, end <= file.size else {
      throw KernelFormatError.elf(
        .truncated(part: "program header table", end: overflow ? UInt64.max : end, size: file.size))
    }
    let table = LittleEndianBytes(try file.bytes(at: tableOffset, atMost: size))
    return (0..<tableCount).map { ELFProgramHeader(table, at: $0 * Self.programHeaderSize) }
  }
}

/// e_machine.
struct ELFMachine: RawRepresentable, Hashable, Sendable {
  let rawValue: UInt16

  static let i386 = ELFMachine(rawValue: 3)
  static let amd64 = ELFMachine(rawValue: 62)

  var name: String {
    switch rawValue {
    case 2, 43: "SPARC"
    case 3: "80386"
    case 8: "MIPS"
    case 20, 21: "PowerPC"
    case 22: "S/390"
    case 40: "ARM"
    case 50: "Itanium"
    case 62: "x86-64"
    case 183: "AArch64"
    case 243: "RISC-V"
    case 247: "BPF"
    case 258: "LoongArch"
    default: "machine number \(rawValue)"
    }
  }
}
