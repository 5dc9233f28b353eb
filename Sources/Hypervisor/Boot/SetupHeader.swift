internal import Devices

/// The setup header of a Linux kernel (Linux Documentation/arch/x86/boot.rst, "The Real-Mode Kernel
/// Header"), at the offsets that it has in the image and in boot_params alike.
struct SetupHeader: Hashable, Sendable {
  /// The first byte of the header, and the end of the hole that boot_params keeps for it.
  static let start = 0x1F1
  static let limit = 0x290

  /// `limit` bytes, zero outside the header.
  private(set) var fields: LittleEndianBytes

  static func isPresent(in head: LittleEndianBytes) -> Bool {
    head.holds("HdrS", at: 0x202) && head.holds([0x55, 0xAA], at: 0x1FE)
  }

  /// Takes the header, and nothing around it, out of an image's first bytes.
  init(_ head: LittleEndianBytes) {
    fields = LittleEndianBytes(zeroes: Self.limit)
    // The operand of the jump at 0x200 is at the same time the header's length from 0x202 on.
    let end = min(0x202 + Int(head.number(at: 0x201, as: UInt8.self)), Self.limit, head.count)
    guard end > Self.start else { return }
    fields.store(bytes: head.bytes[Self.start..<end], at: Self.start)
  }

  /// The least that a kernel looks for which is entered past its own setup code, as an ELF file is.
  static var synthesised: SetupHeader {
    var header = SetupHeader(LittleEndianBytes([]))
    header.fields.store(UInt16(0xAA55), at: 0x1FE)
    header.fields.store(bytes: ArraySlice("HdrS".utf8), at: 0x202)
    header.fields.store(UInt16(0x020F), at: 0x206)
    header.fields.store(LoadFlags.loadedHigh, at: 0x211)
    header.fields.store(UInt32(0x7FFF_FFFF), at: 0x22C)
    header.fields.store(UInt32(2047), at: 0x238)
    return header
  }

  enum LoadFlags {
    static let loadedHigh: UInt8 = 1
  }

  /// Size of the boot sector and the setup code behind it, in bytes; the kernel proper follows.
  var setupSize: UInt64 {
    let sectors: UInt8 = fields.number(at: 0x1F1)
    return (UInt64(sectors == 0 ? 4 : sectors) + 1) * 512
  }

  /// Bytes of the unit in which syssize counts.
  static let paragraph: UInt64 = 16

  /// Size of the kernel proper in bytes, up to the end of its last paragraph.
  var kernelSize: UInt64 { UInt64(fields.number(at: 0x1F4, as: UInt32.self)) * Self.paragraph }

  /// Major version in the high byte, minor in the low one.
  var protocolVersion: UInt16 { fields.number(at: 0x206) }

  /// Where in the file the version string is; nil where there is none.
  var versionOffset: UInt64? {
    let pointer: UInt16 = fields.number(at: 0x20E)
    return pointer == 0 ? nil : UInt64(pointer) + 0x200
  }

  var isLoadedHigh: Bool { fields.number(at: 0x211, as: UInt8.self) & LoadFlags.loadedHigh != 0 }

  /// The highest address that a byte of the initrd may have.
  var initrdAddressMax: GuestAddress { GuestAddress(UInt64(fields.number(at: 0x22C, as: UInt32.self))) }

  var kernelAlignment: UInt64 { UInt64(fields.number(at: 0x230, as: UInt32.self)) }

  var isRelocatable: Bool { fields.number(at: 0x234, as: UInt8.self) != 0 }

  /// XLF_KERNEL_64.
  var has64BitEntry: Bool {
    protocolVersion >= 0x020C && fields.number(at: 0x236, as: UInt16.self) & 1 != 0
  }

  /// The longest command line in bytes, its NUL left out.
  var commandLineSize: Int {
    let size = Int(fields.number(at: 0x238, as: UInt32.self))
    return size == 0 ? 255 : size
  }

  /// The end of the compressed payload in bytes from the start of the kernel proper; 0 if unknown.
  var payloadEnd: UInt64 {
    guard protocolVersion >= 0x0208 else { return 0 }
    return UInt64(fields.number(at: 0x248, as: UInt32.self))
      + UInt64(fields.number(at: 0x24C, as: UInt32.self))
  }

  /// Where the kernel wants to run; nil where it does not say.
  var preferredAddress: UInt64? {
    let address: UInt64 = fields.number(at: 0x258)
    return protocolVersion >= 0x020A && address != 0 ? address : nil
  }

  /// Bytes from the runtime start that the kernel uses before it knows its memory; 0 if unknown.
  var initSize: UInt64 {
    protocolVersion >= 0x020A ? UInt64(fields.number(at: 0x260, as: UInt32.self)) : 0
  }
}
