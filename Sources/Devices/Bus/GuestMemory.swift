internal import CLinux
public import SystemPackage

/// The guest named memory that it does not have.
public struct OutOfGuestMemory: Error, Hashable, Sendable {
  public let address: GuestAddress
  /// Length of the access in bytes.
  public let size: UInt64
}

/// The guest's RAM: private anonymous memory of the host, populated by first touch.
///
/// The layout never changes. The guest writes to this memory at any time, so nothing here hands
/// out a view of it: values are copied in and out, and what was copied is what gets checked.
public final class GuestMemory: Sendable {
  /// A run of RAM without holes, and where the host has it.
  @safe
  public struct Region: Sendable {
    public let range: GuestRange
    // Valid as long as the GuestMemory that owns the mapping.
    public nonisolated(unsafe) let hostBase: UnsafeMutableRawPointer
  }

  public let regions: [Region]

  /// Bytes of RAM in all.
  public var size: UInt64 { regions.reduce(0) { $0 + $1.range.size } }

  /// Maps memory for `ranges`, which must be sorted and not overlap.
  /// - Throws: the errno of mmap(2): ENOMEM where the host has no address space left.
  public init(_ ranges: [GuestRange]) throws(Errno) {
    var regions: [Region] = []
    for range in ranges {
      guard let size = Int(exactly: range.size), let host = unsafe clinux_map_guest_memory(size) else {
        let error = Errno(rawValue: clinux_errno())
        for region in regions { Self.unmap(region) }
        throw error
      }
      unsafe Self.adviseHugePages(host, size, isLowest: range.base == 0)
      unsafe regions.append(Region(range: range, hostBase: host))
    }
    self.regions = regions
  }

  deinit {
    for region in regions { Self.unmap(region) }
  }

  /// Asks for transparent huge pages. The lowest one stays small: a PC's first 2 MiB hold boot tables and
  /// holes, and clearing them whole would be a tenth of a small guest's start.
  ///
  /// - Precondition: `size` bytes from `host` on are one mapping.
  @unsafe
  private static func adviseHugePages(_ host: UnsafeMutableRawPointer, _ size: Int, isLowest: Bool) {
    let skipped = isLowest ? min(size, 2 << 20) : 0
    // Advice only: a host without transparent huge pages refuses it, and loses speed, not function.
    _ = unsafe madvise(host + skipped, size - skipped, Int32(MADV_HUGEPAGE))
  }

  private static func unmap(_ region: Region) {
    unsafe munmap(region.hostBase, Int(region.range.size))
  }

  /// The host address of `size` bytes at `address`, or nil where they are not all in one region.
  ///
  /// - Warning: the guest may change these bytes at any time; copy before looking.
  @unsafe
  public func hostPointer(at address: GuestAddress, size: UInt64) -> UnsafeMutableRawPointer? {
    for region in regions where region.range.base <= address {
      let offset = address.value &- region.range.base.value
      if offset <= region.range.size, size <= region.range.size &- offset {
        // In bounds by the line above.
        return unsafe region.hostBase + Int(offset)
      }
    }
    return nil
  }

  /// Copies a value out of guest memory; no alignment is asked for.
  public func read<Value: BitwiseCopyable>(
    _ type: Value.Type, at address: GuestAddress
  ) throws(OutOfGuestMemory) -> Value {
    let size = UInt64(MemoryLayout<Value>.size)
    guard let source = unsafe hostPointer(at: address, size: size) else {
      throw OutOfGuestMemory(address: address, size: size)
    }
    // hostPointer checked the length; loadUnaligned copies.
    return unsafe source.loadUnaligned(as: type)
  }

  /// Copies a value into guest memory; no alignment is asked for.
  public func write<Value: BitwiseCopyable>(
    _ value: Value, at address: GuestAddress
  ) throws(OutOfGuestMemory) {
    let size = UInt64(MemoryLayout<Value>.size)
    guard let target = unsafe hostPointer(at: address, size: size) else {
      throw OutOfGuestMemory(address: address, size: size)
    }
    // hostPointer checked the length.
    unsafe target.storeBytes(of: value, as: Value.self)
  }

  /// Copies bytes into guest memory.
  public func write(bytes: [UInt8], at address: GuestAddress) throws(OutOfGuestMemory) {
    guard let target = unsafe hostPointer(at: address, size: UInt64(bytes.count)) else {
      throw OutOfGuestMemory(address: address, size: UInt64(bytes.count))
    }
    // hostPointer checked the length.
    unsafe target.copyMemory(from: bytes, byteCount: bytes.count)
  }

  /// Copies `count` bytes out of guest memory.
  public func readBytes(_ count: Int, at address: GuestAddress) throws(OutOfGuestMemory) -> [UInt8] {
    guard count >= 0, let source = unsafe hostPointer(at: address, size: UInt64(count)) else {
      throw OutOfGuestMemory(address: address, size: UInt64(max(count, 0)))
    }
    // hostPointer checked the length.
    return unsafe [UInt8](UnsafeRawBufferPointer(start: source, count: count))
  }
}
