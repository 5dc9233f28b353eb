@testable import Hypervisor

/// A bzImage of two sectors of setup and a kernel of 0x90 bytes whose content is its offset.
struct BzImageBuilder {
  var setupSectors: UInt8 = 1
  var kernelParagraphs: UInt32 = 0x100
  var version: UInt16 = 0x020F
  var loadFlags: UInt8 = 1
  var initrdAddressMax: UInt32 = 0x7FFF_FFFF
  var alignment: UInt32 = 0x20_0000
  var relocatable: UInt8 = 1
  var extendedLoadFlags: UInt16 = 1
  var commandLineSize: UInt32 = 2047
  var payloadOffset: UInt32 = 0x20
  var payloadLength: UInt32 = 0x40
  var preferredAddress: UInt64 = 0x100_0000
  var initSize: UInt32 = 0x100_0000
  var release = "6.1.0-test (someone) #1 SMP"

  /// The first byte of the kernel proper in the file.
  var setupSize: Int { (Int(setupSectors == 0 ? 4 : setupSectors) + 1) * 512 }

  var kernel: [UInt8] { (0..<Int(kernelParagraphs) * 16).map { UInt8(truncatingIfNeeded: $0) } }

  var bytes: [UInt8] {
    var image = LittleEndianBytes(zeroes: setupSize)
    // Around the header: what must not reach boot_params.
    for offset in 0..<0x1F1 { image.store(UInt8(0xEE), at: offset) }
    image.store(setupSectors, at: 0x1F1)
    image.store(kernelParagraphs, at: 0x1F4)
    image.store(UInt16(0xAA55), at: 0x1FE)
    image.store(UInt16(0x6AEB), at: 0x200)
    image.store(bytes: ArraySlice("HdrS".utf8), at: 0x202)
    image.store(version, at: 0x206)
    image.store(UInt16(0x100), at: 0x20E)
    image.store(loadFlags, at: 0x211)
    image.store(UInt32(0x10_0000), at: 0x214)
    image.store(initrdAddressMax, at: 0x22C)
    image.store(alignment, at: 0x230)
    image.store(relocatable, at: 0x234)
    image.store(extendedLoadFlags, at: 0x236)
    image.store(commandLineSize, at: 0x238)
    image.store(payloadOffset, at: 0x248)
    image.store(payloadLength, at: 0x24C)
    image.store(UInt64(0xDEAD), at: 0x250)
    image.store(preferredAddress, at: 0x258)
    image.store(initSize, at: 0x260)
    image.store(UInt32(0xEEEE_EEEE), at: 0x26C)
    image.store(bytes: ArraySlice(release.utf8), at: 0x300)
    return image.bytes + kernel
  }
}
