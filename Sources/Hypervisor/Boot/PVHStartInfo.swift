internal import Devices

/// hvm_start_info, version 1, with its module list and memory map behind it (Xen
/// public/arch-x86/hvm/start_info.h).
struct PVHStartInfo: Hashable, Sendable {
  /// Bytes that the three may take together.
  static let capacity = 4096

  private static let infoSize = 56
  private static let moduleSize = 32
  private static let mapEntrySize = 24

  let bytes: [UInt8]

  /// - Parameter base: where the bytes will lie.
  /// - Precondition: the memory map fits `capacity`.
  init(
    at base: GuestAddress, commandLine: GuestAddress, initrd: GuestRange?, memoryMap: MemoryMap,
    rsdp: GuestAddress
  ) {
    let modules = Self.infoSize
    let map = modules + (initrd == nil ? 0 : Self.moduleSize)
    let size = map + memoryMap.entries.count * Self.mapEntrySize
    precondition(size <= Self.capacity, "a memory map past the start info's page")

    var info = LittleEndianBytes(zeroes: size)
    info.store(UInt32(0x336E_C578), at: 0)
    info.store(UInt32(1), at: 4)
    info.store(commandLine.value, at: 24)
    info.store(rsdp.value, at: 32)
    info.store(base.value &+ UInt64(map), at: 40)
    info.store(UInt32(memoryMap.entries.count), at: 48)
    if let initrd {
      info.store(UInt32(1), at: 12)
      info.store(base.value &+ UInt64(modules), at: 16)
      info.store(initrd.base.value, at: modules)
      info.store(initrd.size, at: modules + 8)
    }
    for (index, entry) in memoryMap.entries.enumerated() {
      let offset = map + index * Self.mapEntrySize
      info.store(entry.range.base.value, at: offset)
      info.store(entry.range.size, at: offset + 8)
      info.store(entry.kind.rawValue, at: offset + 16)
    }
    bytes = info.bytes
  }
}
