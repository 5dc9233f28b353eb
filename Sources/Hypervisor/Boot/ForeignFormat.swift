/// Well-known files that are given as a kernel by mistake.
public enum ForeignFormat: Hashable, Sendable {
  /// Compression of a whole file. The raw value is its name.
  public enum Compression: String, Sendable {
    case gzip
    case xz
    case zstd
    case lz4
    case bzip2
    case lzma
    case lzo
  }

  case compressed(Compression)
  case arm64Image
  case riscvImage
  /// A kernel that unpacks itself under EFI (CONFIG_EFI_ZBOOT).
  case efiCompressedImage
  case unifiedKernelImage
  case efiApplication
  case cpioArchive
  case isoImage
  case qcow2
  /// A BIOS or UEFI, or an adapter's ROM.
  case firmware
  /// 0x55AA at the end of the first sector, and no setup header of Linux behind it.
  case bootSector
  case script
  case text
}

extension ForeignFormat: CustomStringConvertible {
  /// What it is, without why that is no kernel.
  public var kind: String { String(description.prefix { $0 != "," && $0 != ":" }) }

  public var description: String {
    switch self {
    case .compressed(let kind):
      "is \(kind.article) \(kind.rawValue)-compressed file, maybe a compressed vmlinux"
    case .arm64Image: "is an ARM64 Image, a kernel for another machine: this one is x86-64"
    case .riscvImage: "is a RISC-V Image, a kernel for another machine: this one is x86-64"
    case .efiCompressedImage: "is an EFI zboot image, a compressed kernel that only EFI firmware can start"
    case .unifiedKernelImage: "is a unified kernel image (UKI), which only EFI firmware can start"
    case .efiApplication: "is an EFI application, and there is no EFI firmware here to start it"
    case .cpioArchive: "is a cpio archive: an initrd, not a kernel"
    case .isoImage: "is an ISO 9660 image (CD or DVD), not a kernel"
    case .qcow2: "is a qcow2 disk image, not a kernel"
    case .firmware: "is a firmware image (BIOS or UEFI), not a kernel"
    case .bootSector: "is a boot sector or disk image, not a kernel"
    case .script: "is a script, not a kernel"
    case .text: "is a text file, not a kernel"
    }
  }

  public var hint: String {
    switch self {
    case .compressed(let kind): "unpack it (\(kind.unpacker)) or give the bzImage (vmlinuz)"
    case .arm64Image, .riscvImage: "give a kernel built for x86-64"
    case .efiCompressedImage: "give the bzImage (vmlinuz) of a kernel built for x86-64"
    case .unifiedKernelImage:
      "take the kernel out (objcopy -O binary --only-section=.linux UKI vmlinuz); its initrd is section .initrd"
    case .efiApplication: "give the bzImage (vmlinuz) that it starts"
    case .cpioArchive: "give it as the initial RAM disk of a kernel"
    case .isoImage: "take kernel and initrd out of it (images/pxeboot, casper or install.amd)"
    case .qcow2: "take the kernel out of the disk's /boot"
    case .firmware:
      "leave the firmware out: kernels are started without one, so give a bzImage (vmlinuz) or an ELF vmlinux"
    case .bootSector: "give it as a flat real-mode image; of a disk, give the kernel in its /boot"
    case .script, .text: "give a bzImage (a distribution's vmlinuz) or an x86-64 ELF vmlinux"
    }
  }
}

extension ForeignFormat.Compression {
  fileprivate var article: String {
    switch self {
    case .gzip, .zstd, .bzip2: "a"
    case .xz, .lz4, .lzma, .lzo: "an"
    }
  }

  fileprivate var unpacker: String {
    switch self {
    case .gzip: "gunzip < FILE > vmlinux"
    case .xz: "xz -dc FILE > vmlinux"
    case .zstd: "zstd -dc FILE > vmlinux"
    case .lz4: "lz4 -dc FILE > vmlinux"
    case .bzip2: "bzip2 -dc FILE > vmlinux"
    case .lzma: "xz --format=lzma -dc FILE > vmlinux"
    case .lzo: "lzop -dc FILE > vmlinux"
    }
  }
}
