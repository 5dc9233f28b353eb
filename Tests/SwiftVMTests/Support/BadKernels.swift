import Testing

/// Files that are no kernels for this machine, reduced to what they are recognised by.
struct BadKernel: Sendable, CustomTestStringConvertible {
  let name: String
  let bytes: [UInt8]
  /// What the error says the file is, and the hint says to give instead.
  let error: String
  let hint: String

  var testDescription: String { name }

  static let all: [BadKernel] = [
    BadKernel("empty", [], "is empty", "download or copy it again"),
    BadKernel("vmlinux.gz", [0x1F, 0x8B, 8, 0], "is a gzip-compressed file", "gunzip"),
    BadKernel("vmlinux.xz", [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0], "is an xz-compressed file", "xz -dc"),
    BadKernel("vmlinux.zst", [0x28, 0xB5, 0x2F, 0xFD], "is a zstd-compressed file", "zstd -dc"),
    BadKernel("vmlinux.lz4", [0x02, 0x21, 0x4C, 0x18], "is an lz4-compressed file", "lz4 -dc"),
    BadKernel("Image", at(56, "ARM\u{64}"), "is an ARM64 Image", "built for x86-64"),
    BadKernel("vmlinux32", elf(class: 1, machine: 3), "is a 32-bit ELF file", "build it for x86-64"),
    BadKernel(
      "vmlinux.arm", elf(class: 2, machine: 183), "is an ELF file for another machine", "built for x86-64"),
    BadKernel("grub.efi", efi, "is an EFI application", "give the bzImage"),
    BadKernel(
      "vmlinuz.part", Array(bzImage().prefix(2000)), "is a truncated bzImage", "download or copy it again"),
    BadKernel(
      "vmlinuz.head", Array(bzImage().prefix(600)), "is a truncated bzImage", "download or copy it again"),
    BadKernel(
      "vmlinux.part", Array(elf(class: 2, machine: 62).prefix(80)), "is a truncated ELF file", "again"),
    BadKernel(
      "graphical.img", multiboot(flags: 7), "is a multiboot image that asks for a video mode",
      "clear bit 2"),
    BadKernel("multiboot.img", multiboot(flags: 0x13), "is a multiboot image that requires what", "0.6.96"),
    BadKernel("notes.txt", Array("What to do\n".utf8), "is a text file", "give a bzImage"),
    BadKernel("initrd.img", Array("070701".utf8) + zeroes(4), "is a cpio archive", "give it with -i"),
    BadKernel(
      "noise", (0..<5000).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 200) }, "is not a kernel image",
      "bzImage"),
  ]

  private init(_ name: String, _ bytes: [UInt8], _ error: String, _ hint: String) {
    (self.name, self.bytes, self.error, self.hint) = (name, bytes, error, hint)
  }

  /// A Multiboot header alone.
  private static func multiboot(flags: UInt32) -> [UInt8] {
    let magic: UInt32 = 0x1BAD_B002
    return [magic, flags, 0 &- magic &- flags].flatMap { word in
      (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
    }
  }

  /// A bzImage whose kernel is zeroes: all that a loader looks at, nothing that runs.
  static func bzImage(initSize: UInt32 = 16 << 20, commandLineSize: UInt32 = 2047) -> [UInt8] {
    var bytes = zeroes(1024 + 4096)
    func put(_ value: UInt64, _ width: Int, at offset: Int) {
      for index in 0..<width {
        bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt64(index)))
      }
    }
    put(1, 1, at: 0x1F1)  // setup sectors
    put(256, 4, at: 0x1F4)  // the kernel's size in units of 16 bytes
    put(0xAA55, 2, at: 0x1FE)
    put(0x6AEB, 2, at: 0x200)
    bytes.replaceSubrange(0x202..<0x206, with: Array("HdrS".utf8))
    put(0x020F, 2, at: 0x206)  // boot protocol 2.15
    put(1, 1, at: 0x211)  // loaded high
    put(0x7FFF_FFFF, 4, at: 0x22C)  // highest address of an initrd
    put(0x20_0000, 4, at: 0x230)  // alignment
    put(1, 1, at: 0x234)  // relocatable
    put(1, 2, at: 0x236)  // 64-bit entry
    put(UInt64(commandLineSize), 4, at: 0x238)
    put(0x100_0000, 8, at: 0x258)  // preferred address
    put(UInt64(initSize), 4, at: 0x260)
    return bytes
  }

  private static func elf(class: UInt8, machine: UInt16) -> [UInt8] {
    var bytes = zeroes(200)
    bytes.replaceSubrange(0..<7, with: [0x7F, 0x45, 0x4C, 0x46, `class`, 1, 1])
    bytes[16] = 2  // an executable
    bytes[18] = UInt8(truncatingIfNeeded: machine)
    bytes[20] = 1
    bytes[32] = 64  // program headers follow this header
    bytes[54] = 56
    bytes[56] = 1
    return bytes
  }

  private static let efi: [UInt8] = {
    var bytes = zeroes(512)
    bytes.replaceSubrange(0..<2, with: Array("MZ".utf8))
    bytes[0x3C] = 0x80
    bytes.replaceSubrange(0x80..<0x84, with: Array("PE\0\0".utf8))
    return bytes
  }()

  private static func at(_ offset: Int, _ text: String) -> [UInt8] {
    zeroes(offset) + Array(text.utf8) + zeroes(64)
  }

  private static func zeroes(_ count: Int) -> [UInt8] { [UInt8](repeating: 0, count: count) }
}
