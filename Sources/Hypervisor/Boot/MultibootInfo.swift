internal import Devices

/// The structure that a Multiboot loader leaves for the image, with its module list, its memory map and its
/// strings behind it (Multiboot Specification 0.6.96, section 3.3).
struct MultibootInfo: Hashable, Sendable {
  /// Bytes that all of it may take.
  static let capacity = 4096
  /// What the image finds in EAX.
  static let magic: UInt64 = 0x2BAD_B002

  private static let infoSize = 120
  private static let moduleSize = 16
  private static let mapEntrySize = 24
  /// Bytes that are kept of a module's string.
  private static let longestName = 1024

  private enum Flag {
    static let memory: UInt32 = 1 << 0
    static let commandLine: UInt32 = 1 << 2
    static let modules: UInt32 = 1 << 3
    static let memoryMap: UInt32 = 1 << 6
    static let loaderName: UInt32 = 1 << 9
  }

  /// A file beside the image.
  struct Module {
    let range: GuestRange
    /// The string that goes with it.
    let name: String
  }

  let bytes: [UInt8]

  /// - Parameter base: where the bytes will lie, below 4 GiB.
  /// - Precondition: the memory map fits `capacity`.
  init(at base: GuestAddress, commandLine: GuestAddress, module: Module?, memoryMap: MemoryMap) {
    let entries = memoryMap.entries
    let modules = Self.infoSize
    let map = modules + (module == nil ? 0 : Self.moduleSize)
    let loader = map + entries.count * Self.mapEntrySize
    let loaderName = Array("swiftvm".utf8) + [0]
    let name = loader + loaderName.count
    let moduleName: [UInt8] = module.map { Array($0.name.utf8.prefix(Self.longestName)) + [0] } ?? []
    precondition(name + moduleName.count <= Self.capacity, "a memory map past the information's page")

    var info = LittleEndianBytes(zeroes: name + moduleName.count)
    func address(_ offset: Int) -> UInt32 { UInt32(truncatingIfNeeded: base.value) &+ UInt32(offset) }
    info.store(
      Flag.memory | Flag.commandLine | Flag.modules | Flag.memoryMap | Flag.loaderName, at: 0)
    info.store(Self.kibibytes(memoryMap, from: 0), at: 4)
    info.store(Self.kibibytes(memoryMap, from: Layout.highMemory), at: 8)
    info.store(UInt32(truncatingIfNeeded: commandLine.value), at: 16)
    if let module {
      info.store(UInt32(1), at: 20)
      info.store(address(modules), at: 24)
      info.store(UInt32(truncatingIfNeeded: module.range.base.value), at: modules)
      info.store(UInt32(truncatingIfNeeded: module.range.last.value &+ 1), at: modules + 4)
      info.store(address(name), at: modules + 8)
    }
    info.store(UInt32(entries.count * Self.mapEntrySize), at: 44)
    info.store(address(map), at: 48)
    info.store(address(loader), at: 64)
    for (index, entry) in entries.enumerated() {
      let offset = map + index * Self.mapEntrySize
      // The size of the entry, this field left out.
      info.store(UInt32(Self.mapEntrySize - 4), at: offset)
      info.store(entry.range.base.value, at: offset + 4)
      info.store(entry.range.size, at: offset + 12)
      info.store(entry.kind.rawValue, at: offset + 20)
    }
    info.store(bytes: loaderName[...], at: loader)
    info.store(bytes: moduleName[...], at: name)
    bytes = info.bytes
  }

  /// KiB of the run of RAM that begins at `start`.
  private static func kibibytes(_ memoryMap: MemoryMap, from start: GuestAddress) -> UInt32 {
    let run = memoryMap.lowRAM.first { $0.base == start }
    return UInt32(truncatingIfNeeded: (run?.size ?? 0) >> 10)
  }
}
