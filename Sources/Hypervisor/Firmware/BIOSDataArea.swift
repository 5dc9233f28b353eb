internal import Devices

/// What a PC's firmware leaves from 0x400 on for those who look there instead of asking it (IBM PC/AT Technical
/// Reference, "BIOS data area"), and the extended area that it points to.
enum BIOSDataArea {
  static let size = 256

  /// Zero is the answer for everything else: no display, no drives, no keys waiting.
  static func bytes(_ memoryMap: MemoryMap) -> [UInt8] {
    var area = LittleEndianBytes(zeroes: size)
    // The first serial port.
    area.store(UInt16(Layout.Port.com1), at: 0x00)
    // Where the extended area is: its segment.
    area.store(UInt16(Layout.ebda.value >> 4), at: 0x0E)
    // Equipment: a coprocessor, one serial port.
    area.store(UInt16(1 << 1 | 1 << 9), at: 0x10)
    // KiB of base memory, which the extended area is not part of.
    let base = memoryMap.lowRAM.first { $0.base == 0 }
    area.store(UInt16((base?.size ?? 0) >> 10), at: 0x13)
    return area.bytes
  }

  /// The extended area begins with its size in KiB.
  static func write(into memory: GuestMemory, of memoryMap: MemoryMap) throws(OutOfGuestMemory) {
    try memory.write(bytes: bytes(memoryMap), at: Layout.biosDataArea)
    let kibibytes = UInt8((Layout.legacyVideo.value - Layout.ebda.value) >> 10)
    try memory.write(kibibytes, at: Layout.ebda)
  }
}
