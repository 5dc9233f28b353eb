internal import Devices

extension BzImage {
  /// Where the image is loaded and where it will unpack itself.
  ///
  /// A relocatable kernel is loaded at pref_address and never lower: since protocol 2.10 the unpacker
  /// takes that address as the least for its output, so a lower place would save no memory. All other
  /// kernels are loaded at 1 MiB.
  func placement(in memoryMap: MemoryMap) throws(KernelPlacementError) -> KernelPlacement {
    let highMemory = Layout.highMemory.value
    let preferred = header.preferredAddress
    let load = header.isRelocatable ? preferred ?? highMemory : highMemory

    let runtimeStart: UInt64?
    if header.isRelocatable {
      runtimeStart = load.roundedUp(toMultipleOf: header.kernelAlignment)
    } else {
      runtimeStart = preferred ?? load
    }
    // Before 2.10 there is no init_size; the unpacked kernel is at least as large as the packed one.
    let runtimeSize = max(header.initSize, header.kernelSize)

    guard let start = runtimeStart,
      let runtime = GuestRange(exactly: start, size: runtimeSize),
      let image = GuestRange(exactly: load, size: header.kernelSize)
    else { throw KernelPlacementError.outsideAddressSpace(address: load, size: runtimeSize) }

    let range = image.union(runtime)
    guard range.base >= Layout.highMemory else { throw KernelPlacementError.noRAM(range) }
    try memoryMap.checkRAM(for: range)

    let entry: BootEntry =
      has64BitEntry
      ? .linux64(entry: GuestAddress(load &+ 0x200))
      : .linux32(entry: image.base)
    let piece = KernelPlacement.Piece(
      fileOffset: header.setupSize, fileSize: storedSize, range: image)
    return KernelPlacement(pieces: [piece], range: range, entry: entry)
  }
}
