internal import Devices

/// The "zero page": boot_params of the 32-bit and 64-bit boot protocol (Linux
/// Documentation/arch/x86/zero-page.rst and boot.rst).
///
/// All fields that are not named here stay zero, the sentinel at 0x1EF among them: it tells the kernel
/// that this page was made and not copied from the image.
struct BootParameters: Hashable, Sendable {
  static let size = 4096
  /// Entries that the e820 table has room for.
  static let memoryMapCapacity = 128

  private var page = LittleEndianBytes(zeroes: BootParameters.size)

  var bytes: [UInt8] { page.bytes }

  /// - Parameters:
  ///   - header: of the image, or a synthesised one.
  ///   - load: where the kernel proper lies; nil for an ELF file, which has no such field.
  /// - Precondition: the memory map has at most 128 entries.
  init(
    header: SetupHeader, load: GuestAddress?, commandLine: GuestAddress, initrd: GuestRange?,
    memoryMap: MemoryMap, rsdp: GuestAddress
  ) {
    page.store(bytes: header.fields.bytes[SetupHeader.start...], at: SetupHeader.start)
    page.store(rsdp.value, at: 0x070)
    storeMemory(memoryMap)

    // vid_mode: "normal", as without vga=.
    page.store(UInt16(0xFFFF), at: 0x1FA)
    // type_of_loader: none of the registered ones.
    page.store(UInt8(0xFF), at: 0x210)
    page.store(page.number(at: 0x211) | SetupHeader.LoadFlags.loadedHigh, at: 0x211)
    if let load {
      // code32_start.
      page.store(UInt32(truncatingIfNeeded: load.value), at: 0x214)
    }
    store(commandLine.value, low: 0x228, high: 0x0C8)
    store(initrd?.base.value ?? 0, low: 0x218, high: 0x0C0)
    store(initrd?.size ?? 0, low: 0x21C, high: 0x0C4)
    // setup_data: nothing is passed that way, whatever the image has there.
    page.store(UInt64(0), at: 0x250)
  }

  /// A number in two halves: the setup header's field, and the one that boot_params adds to it.
  private mutating func store(_ value: UInt64, low: Int, high: Int) {
    page.store(UInt32(truncatingIfNeeded: value), at: low)
    page.store(UInt32(truncatingIfNeeded: value >> 32), at: high)
  }

  /// e820_table, and alt_mem_k: KiB of low RAM from 1 MiB on.
  private mutating func storeMemory(_ memoryMap: MemoryMap) {
    precondition(memoryMap.entries.count <= Self.memoryMapCapacity, "a memory map past e820's table")
    page.store(UInt8(memoryMap.entries.count), at: 0x1E8)
    for (index, entry) in memoryMap.entries.enumerated() {
      let offset = 0x2D0 + index * 20
      page.store(entry.range.base.value, at: offset)
      page.store(entry.range.size, at: offset + 8)
      page.store(entry.kind.rawValue, at: offset + 16)
    }
    let high = memoryMap.lowRAM.first { $0.base == Layout.highMemory }
    page.store(UInt32(truncatingIfNeeded: (high?.size ?? 0) >> 10), at: 0x1E0)
  }
}
