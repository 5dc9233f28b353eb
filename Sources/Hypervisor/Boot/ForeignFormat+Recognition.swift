extension ForeignFormat {
  /// How much of a file is looked at: up to the volume descriptor of an ISO image.
  static let bytesNeeded = 0x8006

  /// How much of a file's end is looked at.
  static let resetVectorSize = 16

  /// Recognises by magic numbers, the unmistakable ones first.
  /// - Parameters:
  ///   - head: the start of a file of `size` bytes.
  ///   - tail: its last `resetVectorSize` bytes.
  init?(_ head: LittleEndianBytes, tail: LittleEndianBytes, size: UInt64) {
    if let compression = Compression(head) {
      self = .compressed(compression)
    } else if let image = Self.processorImage(head) ?? Self.portableExecutable(head) {
      self = image
    } else if Self.isCPIO(head) {
      self = .cpioArchive
    } else if head.holds("CD001", at: 0x8001) {
      self = .isoImage
    } else if head.holds([0x51, 0x46, 0x49, 0xFB], at: 0) {
      self = .qcow2
    } else if Self.isFirmware(head, tail, size) {
      self = .firmware
    } else if head.holds([0x55, 0xAA], at: 0x1FE) {
      self = .bootSector
    } else if head.holds("#!", at: 0) {
      self = .script
    } else if Self.isText(head.bytes.prefix(512)) {
      self = .text
    } else {
      return nil
    }
  }

  /// The images of other processors put a magic number of their own where MZ files keep theirs free
  /// (Linux Documentation/arch/arm64/booting.rst, Documentation/arch/riscv/boot-image-header.rst).
  private static func processorImage(_ head: LittleEndianBytes) -> ForeignFormat? {
    if head.holds("ARM\u{64}", at: 56) { return .arm64Image }
    if head.holds("RSC\u{05}", at: 56) || head.holds("RISCV\0\0\0", at: 48) { return .riscvImage }
    return nil
  }

  /// PE/COFF (Microsoft PE Format: the offset of the signature is at 0x3C).
  private static func portableExecutable(_ head: LittleEndianBytes) -> ForeignFormat? {
    guard head.holds("MZ", at: 0) else { return nil }
    if head.holds("zimg", at: 4) { return .efiCompressedImage }
    let signature = Int(head.number(at: 0x3C, as: UInt32.self))
    guard head.holds("PE\0\0", at: signature) else { return nil }
    let sections = Int(head.number(at: signature + 6, as: UInt16.self))
    let table = signature + 24 + Int(head.number(at: signature + 20, as: UInt16.self))
    // systemd-stub keeps the kernel in a section of this name (UAPI group, Unified Kernel Image).
    let holdsKernel = (0..<sections).contains { head.holds(".linux\0\0", at: table + $0 * 40) }
    return holdsKernel ? .unifiedKernelImage : .efiApplication
  }

  /// A UEFI firmware volume (UEFI Platform Initialization Specification, volume 3, 3.2.1), an option ROM (PCI Firmware
  /// Specification 3.3 section 5.1), or whole 64 KiB with a far jump where a processor begins (Intel SDM volume 3A,
  /// 10.1.4).
  private static func isFirmware(_ head: LittleEndianBytes, _ tail: LittleEndianBytes, _ size: UInt64) -> Bool
  {
    head.holds("_FVH", at: 40) || head.holds([0x55, 0xAA], at: 0)
      || size % 0x1_0000 == 0 && tail.holds([0xEA], at: 0)
  }

  /// cpio(5): "newc", its variant with checksums, the portable and the old binary format.
  private static func isCPIO(_ head: LittleEndianBytes) -> Bool {
    head.holds("070701", at: 0) || head.holds("070702", at: 0) || head.holds("070707", at: 0)
      || head.holds([0xC7, 0x71], at: 0)
  }

  /// UTF-8 text, ASCII among it, holds no control characters other than white space and escape. `bytes` may end
  /// within a character.
  private static func isText(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.allSatisfy { $0 >= 0x20 && $0 != 0x7F || (0x09...0x0D).contains($0) || $0 == 0x1B }
      && (0...3).contains { String(validating: bytes.dropLast($0), as: UTF8.self) != nil }
  }
}

extension ForeignFormat.Compression {
  fileprivate init?(_ head: LittleEndianBytes) {
    let magics: [(kind: Self, magic: [UInt8])] = [
      (.gzip, [0x1F, 0x8B]),
      (.xz, [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0x00]),
      (.zstd, [0x28, 0xB5, 0x2F, 0xFD]),
      // The legacy frame, which Linux uses, and the present one.
      (.lz4, [0x02, 0x21, 0x4C, 0x18]),
      (.lz4, [0x04, 0x22, 0x4D, 0x18]),
      (.bzip2, [0x42, 0x5A, 0x68]),
      // No magic number proper: the usual properties byte, then a dictionary of whole 64 KiB.
      (.lzma, [0x5D, 0x00, 0x00]),
      (.lzo, [0x89, 0x4C, 0x5A, 0x4F, 0x00, 0x0D, 0x0A, 0x1A, 0x0A]),
    ]
    guard let found = magics.first(where: { head.holds($0.magic, at: 0) }) else { return nil }
    self = found.kind
  }
}
