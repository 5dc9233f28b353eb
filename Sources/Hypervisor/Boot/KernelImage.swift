/// A kernel that this machine can boot, told by its content.
public enum KernelImage: Sendable {
  case bzImage(BzImage)
  case elf(ELFImage)

  /// Looks at the file's headers; nothing is loaded yet.
  public static func recognise(_ file: ImageFile) throws(KernelFormatError) -> KernelImage {
    guard file.size > 0 else { throw KernelFormatError.empty }
    let head = LittleEndianBytes(try file.head(4096))
    if head.holds(ELFImage.magic, at: 0) {
      return .elf(try ELFImage(file, head: head))
    }
    if SetupHeader.isPresent(in: head) {
      return .bzImage(try BzImage(file, head: head))
    }
    if let format = ForeignFormat(LittleEndianBytes(try file.head(ForeignFormat.bytesNeeded))) {
      throw KernelFormatError.foreign(format)
    }
    throw KernelFormatError.unknown
  }

  /// For people: format, version, entry.
  var format: String {
    switch self {
    case .bzImage(let image): image.format
    case .elf(let image): image.format
    }
  }

  /// Whether the format is Linux' own.
  var isLinux: Bool {
    switch self {
    case .bzImage: true
    case .elf: false
    }
  }

  /// What boot_params starts from.
  var setupHeader: SetupHeader {
    switch self {
    case .bzImage(let image): image.header
    case .elf: .synthesised
    }
  }

  func placement(in memoryMap: MemoryMap) throws(KernelPlacementError) -> KernelPlacement {
    switch self {
    case .bzImage(let image): try image.placement(in: memoryMap)
    case .elf(let image): try image.placement(in: memoryMap)
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
