/// A Linux bzImage (Linux Documentation/arch/x86/boot.rst), read for its 32-bit or 64-bit entry. Its
/// real-mode setup code is not used.
public struct BzImage: Sendable {
  /// The oldest boot protocol that is loaded, 2.06: the first to tell how long the command line may be.
  public static let oldestProtocol: UInt16 = 0x0206

  let header: SetupHeader
  /// Bytes of the kernel proper that the file has: syssize counts paragraphs, the last of which it need not fill.
  let storedSize: UInt64
  /// The kernel's release, like "6.1.0-56-cloud-amd64", where the image tells it.
  public let release: String?

  init(_ file: ImageFile, head: LittleEndianBytes) throws(KernelFormatError) {
    header = SetupHeader(head)
    if let error = Self.check(header, fileSize: file.size) {
      throw KernelFormatError.bzImage(error)
    }
    storedSize = min(header.kernelSize, file.size - header.setupSize)
    release = try Self.release(in: file, header: header)
  }

  /// Boot protocol version: major in the high byte, minor in the low one.
  public var protocolVersion: UInt16 { header.protocolVersion }

  /// Whether the kernel can be entered in 64-bit mode (XLF_KERNEL_64).
  public var has64BitEntry: Bool { header.has64BitEntry }

  var format: String {
    let kernel = release.map { ", Linux \($0)" } ?? ""
    let entry = has64BitEntry ? "64-bit entry" : "32-bit entry"
    return "bzImage\(kernel), protocol \(protocolVersion.asProtocolVersion), \(entry)"
  }

  private static func check(_ header: SetupHeader, fileSize: UInt64) -> BzImageError? {
    if header.setupSize > fileSize { return .truncated(size: fileSize, expected: header.setupSize) }
    if header.protocolVersion < oldestProtocol { return .tooOld(header.protocolVersion) }
    if !header.isLoadedHigh { return .zImage }
    if header.kernelSize == 0 { return .contradiction("syssize") }
    let least = header.setupSize + header.kernelSize - (SetupHeader.paragraph - 1)
    if least > fileSize { return .truncated(size: fileSize, expected: least) }
    if header.payloadEnd > header.kernelSize { return .contradiction("payload_length") }
    if header.isRelocatable, header.kernelAlignment.nonzeroBitCount != 1 {
      return .contradiction("kernel_alignment")
    }
    return nil
  }

  /// The version string's first word. Past the setup code the pointer means nothing.
  private static func release(
    in file: ImageFile, header: SetupHeader
  ) throws(KernelFormatError) -> String? {
    guard let offset = header.versionOffset, offset < header.setupSize else { return nil }
    let bytes = try file.bytes(at: offset, atMost: 128)
    let word = bytes.prefix { $0 > 0x20 && $0 < 0x7F }
    return word.isEmpty ? nil : String(decoding: word, as: UTF8.self)
  }
}

/// Why a bzImage cannot be booted.
public enum BzImageError: Error, Hashable, Sendable {
  /// Sizes in bytes.
  case truncated(size: UInt64, expected: UInt64)
  /// A kernel for the memory below 640 KiB.
  case zImage
  /// The boot protocol's version.
  case tooOld(UInt16)
  /// A header field that cannot be, by its name.
  case contradiction(String)
}

extension BzImageError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .truncated(let size, let expected):
      "is a truncated bzImage: it has \(size) bytes, its header promises \(expected) at the least"
    case .zImage: "is a zImage, a Linux kernel of the kind that is loaded below 640 KiB"
    case .tooOld(let version):
      "is too old a Linux kernel: it speaks boot protocol \(version.asProtocolVersion)"
        + ", the oldest that is loaded is \(BzImage.oldestProtocol.asProtocolVersion) (Linux 2.6.22)"
    case .contradiction(let field): "is a damaged bzImage: \(field) in its header cannot be right"
    }
  }

  public var hint: String {
    switch self {
    case .truncated, .contradiction: "download or copy it again"
    case .zImage, .tooOld: "give a newer kernel's bzImage (vmlinuz)"
    }
  }
}

extension UInt16 {
  /// As the boot protocol's documentation writes it: 0x020F is "2.15".
  fileprivate var asProtocolVersion: String {
    let minor = self & 0xFF
    return "\(self >> 8).\(minor < 10 ? "0" : "")\(minor)"
  }
}
