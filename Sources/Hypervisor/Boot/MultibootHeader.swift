/// What a Multiboot image says of itself (Multiboot Specification 0.6.96, section 3.1).
struct MultibootHeader: Hashable, Sendable {
  /// The header lies within so many bytes from the file's start.
  static let searched = 8192

  private static let magic: UInt32 = 0x1BAD_B002

  /// Bits of `flags`. A loader must understand the lower 16, and may pass over the upper ones but bit 16.
  private enum Flag {
    /// Modules on page boundaries, and the amount of memory: both are always given.
    static let met: UInt32 = 1 << 0 | 1 << 1
    static let video: UInt32 = 1 << 2
    static let required: UInt32 = 0xFFFF
    static let addresses: UInt32 = 1 << 16
  }

  /// Where a file without another format's headers goes: physical addresses.
  struct Addresses: Hashable, Sendable {
    /// Of the header itself.
    let header: UInt32
    let loadStart: UInt32
    /// 0: the file's end.
    let loadEnd: UInt32
    /// 0: nothing is zeroed.
    let zeroEnd: UInt32
    let entry: UInt32
  }

  /// In bytes from the file's start.
  let offset: UInt64
  private let flags: UInt32
  /// Nil where an ELF header says it.
  let addresses: Addresses?

  /// Nil where `head`, the file's first `searched` bytes, holds none.
  init?(_ head: LittleEndianBytes) {
    func word(_ offset: Int) -> UInt32 { head.number(at: offset) }
    let last = min(head.count, Self.searched) - 12
    let found = stride(from: 0, through: last, by: 4).first { offset in
      word(offset) == Self.magic && word(offset) &+ word(offset + 4) &+ word(offset + 8) == 0
    }
    guard let found else { return nil }
    offset = UInt64(found)
    flags = word(found + 4)
    guard flags & Flag.addresses != 0 else {
      addresses = nil
      return
    }
    addresses = Addresses(
      header: word(found + 12), loadStart: word(found + 16), loadEnd: word(found + 20),
      zeroEnd: word(found + 24), entry: word(found + 28))
  }

  /// Throws where the image asks for what this machine does not do.
  func check() throws(KernelFormatError) {
    if flags & Flag.video != 0 { throw .multiboot(.video) }
    let unknown = flags & Flag.required & ~(Flag.met | Flag.video)
    if unknown != 0 { throw .multiboot(.unknownFlags(unknown)) }
  }
}

/// Why a Multiboot image cannot be booted. Descriptions are predicates, to stand after the file's name.
public enum MultibootError: Error, Hashable, Sendable {
  /// It wants a video mode.
  case video
  /// Of the flags that a loader must understand, those that nobody has defined.
  case unknownFlags(UInt32)
  /// Neither addresses in its header nor an ELF header.
  case noAddresses
  /// An address field that cannot be, by its name.
  case contradiction(String)
  /// Where the bytes to load end and where the file does, in bytes.
  case truncated(end: UInt64, size: UInt64)
}

extension MultibootError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .video: "is a multiboot image that asks for a video mode, and the machine has no graphics"
    case .unknownFlags(let flags):
      "is a multiboot image that requires what swiftvm does not know (flags 0x\(String(flags, radix: 16)))"
    case .noAddresses:
      "has a multiboot header that does not say where it goes, and is no ELF file"
    case .contradiction(let field): "has a damaged multiboot header: its \(field) cannot be right"
    case .truncated(let end, let size):
      "is a truncated multiboot image: it has \(size) bytes, what is loaded ends at byte \(end)"
    }
  }

  public var hint: String {
    switch self {
    case .video: "clear bit 2 of the header's flags, and write to the serial port"
    case .unknownFlags: "it may be made for another version; swiftvm knows Multiboot 0.6.96, not Multiboot2"
    case .noAddresses: "link it as an ELF file, or set bit 16 of the flags and give addresses"
    case .contradiction, .truncated: "build it again"
    }
  }
}
