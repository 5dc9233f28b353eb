/// Guest addresses to host pointers, without counting references: a copy of a `GuestMemory`'s layout,
/// for the paths that run once a buffer. Whoever holds one holds the memory too.
@safe
struct Translation: ~Copyable {
  private let regions: UnsafeMutablePointer<GuestMemory.Region>
  private let count: Int

  init(_ memory: GuestMemory) {
    count = memory.regions.count
    unsafe regions = .allocate(capacity: max(count, 1))
    for (index, region) in memory.regions.enumerated() {
      unsafe (regions + index).initialize(to: region)
    }
  }

  deinit {
    unsafe regions.deinitialize(count: count)
    unsafe regions.deallocate()
  }

  /// Where the host has the `size` bytes at `address`, which must lie in one region.
  @unsafe @inline(__always)
  func pointer(to address: UInt64, size: UInt32) throws(QueueFault) -> UnsafeMutableRawPointer {
    for index in 0..<count {
      // Index is below the number of initialised elements.
      let base = unsafe regions[index].range.base.value
      let regionSize = unsafe regions[index].range.size
      guard base <= address else { continue }
      let offset = address &- base
      if offset < regionSize, UInt64(size) <= regionSize &- offset {
        // In bounds by the line above.
        return unsafe regions[index].hostBase + Int(truncatingIfNeeded: offset)
      }
    }
    throw .outsideMemory(address: address, size: UInt64(size))
  }
}
