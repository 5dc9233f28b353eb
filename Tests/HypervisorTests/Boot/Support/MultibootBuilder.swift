@testable import Hypervisor

/// A Multiboot image: a 32-bit ELF executable with one segment, which begins with the header.
struct MultibootBuilder {
  var flags: UInt32 = 3
  var checksumError: UInt32 = 0
  var fileClass: UInt8 = 1
  var machine: UInt16 = 3
  var type: UInt16 = 2
  var entry: UInt32 = 0x10_0010
  var virtual: UInt32 = 0x10_0000
  var physical: UInt32 = 0x10_0000
  var memorySize: UInt32 = 0x2000
  var programHeaderSize: UInt16 = 32
  /// Bytes of the file before the segment.
  var headerOffset = 0x1000

  static func header(flags: UInt32, checksumError: UInt32 = 0, addresses: [UInt32] = []) -> [UInt8] {
    let magic: UInt32 = 0x1BAD_B002
    let words = [magic, flags, 0 &- magic &- flags &+ checksumError] + addresses
    var bytes = LittleEndianBytes(zeroes: words.count * 4)
    for (index, word) in words.enumerated() { bytes.store(word, at: index * 4) }
    return bytes.bytes
  }

  /// An image without ELF headers: 64 bytes of something else, the header, 16 bytes of code.
  static func raw(
    flags: UInt32 = 1 << 16, header: UInt32 = 0x20_0040, load: UInt32 = 0x20_0000, loadEnd: UInt32 = 0,
    zeroEnd: UInt32 = 0x20_1000, entry: UInt32 = 0x20_0060
  ) -> [UInt8] {
    [UInt8](repeating: 0xF4, count: 64)
      + Self.header(flags: flags, addresses: [header, load, loadEnd, zeroEnd, entry])
      + [UInt8](repeating: 0x90, count: 16)
  }

  var bytes: [UInt8] {
    let content = Self.header(flags: flags, checksumError: checksumError) + Array("code".utf8)
    var file = LittleEndianBytes(zeroes: headerOffset)
    file.store(bytes: [0x7F, 0x45, 0x4C, 0x46, fileClass, 1, 1], at: 0)
    file.store(type, at: 16)
    file.store(machine, at: 18)
    file.store(entry, at: 24)
    file.store(UInt32(52), at: 28)
    file.store(programHeaderSize, at: 42)
    file.store(UInt16(1), at: 44)
    let fields = [1, UInt32(headerOffset), virtual, physical, UInt32(content.count), memorySize, 5, 4096]
    for (index, word) in fields.enumerated() { file.store(word, at: 52 + index * 4) }
    return file.bytes + content
  }
}
