public import Devices

/// Where in guest memory a kernel goes.
struct KernelPlacement: Hashable, Sendable {
  /// A run of bytes of the file, and the memory that it fills; memory past the bytes is zeroed.
  struct Piece: Hashable, Sendable {
    let fileOffset: UInt64
    let fileSize: UInt64
    /// At least `fileSize` bytes.
    let range: GuestRange
  }

  let pieces: [Piece]
  /// All memory that the kernel uses before it has read its memory map.
  let range: GuestRange
  let entry: BootEntry

  init(pieces: [Piece], range: GuestRange, entry: BootEntry) {
    self.pieces = pieces
    self.range = range
    self.entry = entry
  }

  /// Each of `segments`, of which there is one at least, goes to its physical address.
  init(
    _ segments: [ELFImage.Segment], entry: BootEntry, in memoryMap: MemoryMap
  ) throws(KernelPlacementError) {
    var range = segments[0].range
    for (segment, next) in zip(segments, segments.dropFirst()) where segment.range.overlaps(next.range) {
      throw KernelPlacementError.overlappingSegments(segment.range, next.range)
    }
    for segment in segments {
      try memoryMap.checkRAM(for: segment.range)
      range = range.union(segment.range)
    }
    let pieces = segments.map {
      Piece(fileOffset: $0.fileOffset, fileSize: $0.fileSize, range: $0.range)
    }
    self.init(pieces: pieces, range: range, entry: entry)
  }

  /// Reads the pieces into guest memory.
  func load(
    _ file: ImageFile, into memory: GuestMemory, isCancelled: () -> Bool = { false }
  ) throws(ImageFileError) {
    for piece in pieces {
      try file.load(
        piece.fileSize, from: piece.fileOffset, into: memory, at: piece.range.base, isCancelled: isCancelled)
      let rest = piece.range.size &- piece.fileSize
      guard rest > 0, let start = piece.range.base.advanced(by: piece.fileSize) else { continue }
      try memory.zero(rest, at: start)
    }
  }
}

/// Why a kernel has no place in the machine's memory. Descriptions are predicates, to stand after
/// the file's name.
public enum KernelPlacementError: Error, Hashable, Sendable {
  /// Memory in MiB: the least that holds the kernel, and what the machine has.
  case memoryTooSmall(needed: UInt64, available: UInt64)
  /// Addresses where no machine of this layout has RAM.
  case noRAM(GuestRange)
  case outsideAddressSpace(address: UInt64, size: UInt64)
  /// The image and the initrd leave no memory free for something that the boot needs.
  case noRoom(BootStructure)
  case overlappingSegments(GuestRange, GuestRange)
}

extension KernelPlacementError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .memoryTooSmall(let needed, let available):
      "needs at least \(needed) MiB of memory to start, the machine has \(available) MiB"
    case .noRAM(let range): "wants to be loaded at \(range.text), where the machine has no RAM"
    case .outsideAddressSpace(let address, let size):
      "wants \(size) bytes at 0x\(String(address, radix: 16)), past the end of the address space"
    case .noRoom(let structure): "fills the memory: nothing is left for \(structure.name)"
    case .overlappingSegments(let first, let second):
      "has segments that overlap in memory, \(first.text) and \(second.text)"
    }
  }

  public var hint: String? {
    switch self {
    case .memoryTooSmall(let needed, _): "give it at least \(needed) MiB of memory"
    case .noRAM, .outsideAddressSpace:
      "link it between \(Layout.highMemory) and the end of RAM, below \(Layout.pciHole)"
    case .noRoom: "give the machine more memory"
    case .overlappingSegments: "give each segment a physical address (p_paddr) of its own"
    }
  }
}

extension MemoryMap {
  /// Bytes of RAM in all, holes below 1 MiB included.
  var ramSize: UInt64 { ram.reduce(0) { $0 &+ $1.size } }

  /// RAM below the PCI hole that a kernel or initrd may be put into.
  var lowRAM: [GuestRange] {
    entries.filter { $0.kind == .ram && $0.range.last < Layout.pciHole }.map(\.range)
  }

  /// Throws where `range` is not inside one run of low RAM.
  func checkRAM(for range: GuestRange) throws(KernelPlacementError) {
    if lowRAM.contains(where: { $0.contains(range) }) { return }
    guard range.base >= Layout.highMemory, range.last < Layout.pciHole else {
      throw KernelPlacementError.noRAM(range)
    }
    throw KernelPlacementError.memoryTooSmall(
      needed: (range.last.value >> 20) + 1, available: ramSize >> 20)
  }
}

extension GuestMemory {
  /// Zeroes `count` bytes.
  func zero(_ count: UInt64, at address: GuestAddress) throws(ImageFileError) {
    guard let length = Int(exactly: count), let target = unsafe hostPointer(at: address, size: count) else {
      throw ImageFileError.outsideGuestMemory(address, size: count)
    }
    // hostPointer checked the length.
    unsafe target.initializeMemory(as: UInt8.self, repeating: 0, count: length)
  }
}
