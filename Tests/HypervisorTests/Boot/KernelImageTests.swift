import Testing

@testable import Hypervisor

struct KernelImageTests {
  static func error(_ bytes: [UInt8]) throws -> KernelFormatError? {
    let file = try imageFile(bytes)
    return try thrown(KernelFormatError.self) { try KernelImage.recognise(file) }
  }

  /// `magic` at `offset` of a file that is otherwise binary rubbish.
  static func file(_ magic: [UInt8], at offset: Int = 0, size: Int = 0x9000) -> [UInt8] {
    var bytes = [UInt8](repeating: 1, count: size)
    bytes.replaceSubrange(offset..<(offset + magic.count), with: magic)
    return bytes
  }

  static let cases: [(name: String, file: [UInt8], sentence: String, hint: String)] = [
    ("empty", [], "is empty", "download or copy it again"),
    (
      "gzip", file([0x1F, 0x8B]), "is a gzip-compressed file, maybe a compressed vmlinux",
      "unpack it (gunzip < FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "xz", file([0xFD, 0x37, 0x7A, 0x58, 0x5A, 0]), "is an xz-compressed file, maybe a compressed vmlinux",
      "unpack it (xz -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "zstd", file([0x28, 0xB5, 0x2F, 0xFD]), "is a zstd-compressed file, maybe a compressed vmlinux",
      "unpack it (zstd -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "lz4 legacy", file([0x02, 0x21, 0x4C, 0x18]), "is an lz4-compressed file, maybe a compressed vmlinux",
      "unpack it (lz4 -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "lz4", file([0x04, 0x22, 0x4D, 0x18]), "is an lz4-compressed file, maybe a compressed vmlinux",
      "unpack it (lz4 -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "bzip2", file(Array("BZh9".utf8)), "is a bzip2-compressed file, maybe a compressed vmlinux",
      "unpack it (bzip2 -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "lzma", file([0x5D, 0, 0, 0x80]), "is an lzma-compressed file, maybe a compressed vmlinux",
      "unpack it (xz --format=lzma -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "lzo", file([0x89, 0x4C, 0x5A, 0x4F, 0, 0x0D, 0x0A, 0x1A, 0x0A]),
      "is an lzo-compressed file, maybe a compressed vmlinux",
      "unpack it (lzop -dc FILE > vmlinux) or give the bzImage (vmlinuz)"
    ),
    (
      "ARM64", file(Array("ARM\u{64}".utf8), at: 56),
      "is an ARM64 Image, a kernel for another machine: this one is x86-64", "give a kernel built for x86-64"
    ),
    (
      "RISC-V", file(Array("RSC\u{05}".utf8), at: 56),
      "is a RISC-V Image, a kernel for another machine: this one is x86-64", "give a kernel built for x86-64"
    ),
    (
      "zboot", file(Array("MZ\0\0zimg".utf8)),
      "is an EFI zboot image, a compressed kernel that only EFI firmware can start",
      "give the bzImage (vmlinuz) of a kernel built for x86-64"
    ),
    (
      "UKI", portableExecutable(sections: [".text", ".linux"]),
      "is a unified kernel image (UKI), which only EFI firmware can start",
      "take the kernel out (objcopy -O binary --only-section=.linux UKI vmlinuz); its initrd is section .initrd"
    ),
    (
      "EFI application", portableExecutable(sections: [".text", ".data"]),
      "is an EFI application, and there is no EFI firmware here to start it",
      "give the bzImage (vmlinuz) that it starts"
    ),
    (
      "cpio", file(Array("070701".utf8)), "is a cpio archive: an initrd, not a kernel",
      "give it as the initial RAM disk of a kernel"
    ),
    (
      "ISO", file(Array("CD001".utf8), at: 0x8001), "is an ISO 9660 image (CD or DVD), not a kernel",
      "take kernel and initrd out of it (images/pxeboot, casper or install.amd)"
    ),
    (
      "qcow2", file([0x51, 0x46, 0x49, 0xFB]), "is a qcow2 disk image, not a kernel",
      "take the kernel out of the disk's /boot"
    ),
    (
      "boot sector", file([0x55, 0xAA], at: 510, size: 512), "is a boot sector or disk image, not a kernel",
      "give it as a flat real-mode image; of a disk, give the kernel in its /boot"
    ),
    (
      "script", Array("#!/bin/sh\nexit 0\n".utf8), "is a script, not a kernel",
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux"
    ),
    (
      "text", Array("<html>\nNicht gefunden — 404\n</html>\n".utf8), "is a text file, not a kernel",
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux"
    ),
    (
      "unknown", file([]), "is not a kernel image that swiftvm knows",
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux, or raw code as a flat image"
    ),
    (
      "a few bytes of code", [0xB0, 0x41, 0xE6, 0xE9, 0xF4, 0xEB, 0xFD],
      "is not a kernel image that swiftvm knows",
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux, or raw code as a flat image"
    ),
    (
      "MZ alone", file(Array("MZ".utf8), size: 40), "is not a kernel image that swiftvm knows",
      "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux, or raw code as a flat image"
    ),
  ]

  static func portableExecutable(sections: [String]) -> [UInt8] {
    var bytes = LittleEndianBytes([UInt8](repeating: 1, count: 0x400))
    bytes.store(bytes: ArraySlice("MZ".utf8), at: 0)
    bytes.store(UInt32(0x80), at: 0x3C)
    bytes.store(bytes: ArraySlice("PE\0\0".utf8), at: 0x80)
    bytes.store(UInt16(sections.count), at: 0x86)
    bytes.store(UInt16(0xF0), at: 0x94)
    for (index, name) in sections.enumerated() {
      bytes.store(UInt64(0), at: 0x188 + index * 40)
      bytes.store(bytes: ArraySlice(name.utf8), at: 0x188 + index * 40)
    }
    return bytes.bytes
  }

  @Test(arguments: cases)
  func `each kind of file that is no kernel has its own sentence`(
    name: String, file: [UInt8], sentence: String, hint: String
  ) throws {
    let error = try Self.error(file)
    #expect(error?.description == sentence, "\(name)")
    #expect(error?.hint == hint, "\(name)")
  }

  @Test(arguments: [
    ("UEFI volume", file(Array("_FVH".utf8), at: 40)),
    ("BIOS", file([0xEA, 0x5B, 0xE0, 0, 0xF0], at: 0x2_0000 - 16, size: 0x2_0000)),
    ("option ROM", file([0x55, 0xAA, 0x40], size: 0x8000)),
  ])
  func `firmware is called firmware`(name: String, file: [UInt8]) throws {
    let error = try Self.error(file)
    #expect(error?.description == "is a firmware image (BIOS or UEFI), not a kernel", "\(name)")
    #expect(error?.hint?.hasPrefix("leave the firmware out: ") == true, "\(name)")
  }

  @Test func `a jump at the end of anything but whole 64 KiB is no firmware`() throws {
    let error = try Self.error(Self.file([0xEA], at: 0x1_8000 - 16, size: 0x1_8000))
    #expect(error == .unknown)
  }

  @Test func `no two kinds share a sentence`() {
    let sentences = Self.cases.map(\.sentence).filter { !$0.contains("lz4") && !$0.contains("swiftvm knows") }
    #expect(Set(sentences).count == sentences.count)
  }

  @Test func `a bzImage is told from the boot sector that it begins with`() throws {
    guard case .bzImage = try KernelImage.recognise(imageFile(BzImageBuilder().bytes)) else {
      Issue.record("not a bzImage")
      return
    }
  }

  @Test func `a bzImage with an EFI stub is a bzImage`() throws {
    var bytes = BzImageBuilder().bytes
    bytes.replaceSubrange(0..<2, with: "MZ".utf8)
    guard case .bzImage = try KernelImage.recognise(imageFile(bytes)) else {
      Issue.record("not a bzImage")
      return
    }
  }

  @Test func `an ELF executable is an ELF executable`() throws {
    guard case .elf = try KernelImage.recognise(imageFile(ELFBuilder().bytes)) else {
      Issue.record("not an ELF file")
      return
    }
  }
}
