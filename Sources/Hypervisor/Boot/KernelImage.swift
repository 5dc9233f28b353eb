/// A kernel that this machine can boot, told by its content.
public enum KernelImage: Sendable {
  case bzImage(BzImage)
  case elf(ELFImage)
  case multiboot(MultibootImage)

  /// Looks at the file's headers; nothing is loaded yet.
  public static func recognise(_ file: ImageFile) throws(KernelFormatError) -> KernelImage {
    guard file.size > 0 else { throw KernelFormatError.empty }
    let head = LittleEndianBytes(try file.head(MultibootHeader.searched))
    if SetupHeader.isPresent(in: head), !head.holds(ELFImage.magic, at: 0) {
      return .bzImage(try BzImage(file, head: head))
    }
    let multiboot = MultibootHeader(head)
    if head.holds(ELFImage.magic, at: 0), multiboot?.addresses == nil {
      return try executable(file, head: head, multiboot)
    }
    if let multiboot {
      return .multiboot(try MultibootImage(file, head: head, header: multiboot))
    }
    let tail = ForeignFormat.resetVectorSize
    let end = file.size > UInt64(tail) ? file.size - UInt64(tail) : 0
    if let format = ForeignFormat(
      LittleEndianBytes(try file.head(ForeignFormat.bytesNeeded)),
      tail: LittleEndianBytes(try file.bytes(at: end, atMost: tail)), size: file.size)
    {
      throw KernelFormatError.foreign(format)
    }
    throw KernelFormatError.unknown
  }

  /// An ELF file. A Multiboot header makes a 32-bit one bootable; in a 64-bit one it says how to enter at e_entry,
  /// where a PVH note does not say something else.
  private static func executable(
    _ file: ImageFile, head: LittleEndianBytes, _ multiboot: MultibootHeader?
  ) throws(KernelFormatError) -> KernelImage {
    if let multiboot, head.number(at: 4, as: UInt8.self) == 1 {
      return .multiboot(try MultibootImage(file, head: head, header: multiboot))
    }
    let image = try ELFImage(file, head: head)
    guard let multiboot, case .linux64(let entry) = image.entry else { return .elf(image) }
    return .multiboot(try MultibootImage(image, header: multiboot, entry: entry))
  }

  /// For people: format, version, entry.
  public var format: String {
    switch self {
    case .bzImage(let image): image.format
    case .elf(let image): image.format
    case .multiboot(let image): image.format
    }
  }

  /// Whether the format is Linux' own.
  var isLinux: Bool {
    switch self {
    case .bzImage: true
    case .elf, .multiboot: false
    }
  }

  /// What boot_params starts from.
  var setupHeader: SetupHeader {
    switch self {
    case .bzImage(let image): image.header
    case .elf, .multiboot: .synthesised
    }
  }

  func placement(in memoryMap: MemoryMap) throws(KernelPlacementError) -> KernelPlacement {
    switch self {
    case .bzImage(let image): try image.placement(in: memoryMap)
    case .elf(let image): try image.placement(in: memoryMap)
    case .multiboot(let image): try image.placement(in: memoryMap)
    }
  }
}

extension ImageFile {
  /// The first `count` bytes, or all where there are fewer.
  func head(_ count: Int) throws(KernelFormatError) -> [UInt8] {
    try bytes(at: 0, atMost: count)
  }

  /// `count` bytes at `offset`, fewer where the file ends earlier.
  func bytes(at offset: UInt64, atMost count: Int) throws(KernelFormatError) -> [UInt8] {
    guard offset < size else { return [] }
    do {
      return try read(Int(min(UInt64(max(count, 0)), size - offset)), at: offset)
    } catch {
      throw KernelFormatError.file(error)
    }
  }
}
