public import Devices

/// A test asked for more memory than it made.
public struct ArenaExhausted: Error {}

/// Hands out parts of a guest's memory, one after the other, as a driver's allocator does.
public final class GuestArena {
  public let memory: GuestMemory
  private var next: UInt64
  private let end: UInt64

  /// - Parameter range: all of it in RAM.
  public init(_ memory: GuestMemory, in range: GuestRange) {
    self.memory = memory
    next = range.base.value
    end = range.base.value + range.size
  }

  /// 4 MiB of RAM at 0, and an arena over all but the first page.
  public convenience init() throws {
    let size: UInt64 = 4 << 20
    let memory = try GuestMemory([GuestRange(base: 0, size: size)])
    self.init(memory, in: GuestRange(base: 0x1000, size: size - 0x1000))
  }

  /// The address of `size` bytes that nobody else gets.
  public func take(_ size: UInt64, alignment: UInt64 = 16) throws -> UInt64 {
    let address = (next + alignment - 1) & ~(alignment - 1)
    guard address + size <= end else { throw ArenaExhausted() }
    next = address + size
    return address
  }

  /// A buffer that the device reads, filled with `bytes`.
  public func readable(_ bytes: [UInt8]) throws -> DriverBuffer {
    let address = try take(UInt64(bytes.count), alignment: 1)
    try memory.write(bytes: bytes, at: GuestAddress(address))
    return DriverBuffer(address: address, size: UInt32(bytes.count), isWritable: false)
  }

  /// A buffer that the device writes; zeros until then.
  public func writable(_ size: UInt32) throws -> DriverBuffer {
    DriverBuffer(address: try take(UInt64(size), alignment: 1), size: size, isWritable: true)
  }

  /// What a buffer contains now.
  public func bytes(of buffer: DriverBuffer) throws -> [UInt8] {
    try memory.readBytes(Int(buffer.size), at: GuestAddress(buffer.address))
  }
}

/// One buffer of a chain.
public struct DriverBuffer: Hashable, Sendable {
  public var address: UInt64
  public var size: UInt32
  public var isWritable: Bool

  public init(address: UInt64, size: UInt32, isWritable: Bool) {
    self.address = address
    self.size = size
    self.isWritable = isWritable
  }

  /// The same bytes as several buffers: `cuts` are offsets where one ends and the next begins.
  public func split(at cuts: [UInt32]) -> [DriverBuffer] {
    let edges = [0] + cuts.filter { $0 > 0 && $0 < size }.sorted() + [size]
    return zip(edges, edges.dropFirst()).map { start, end in
      DriverBuffer(address: address + UInt64(start), size: end - start, isWritable: isWritable)
    }
  }
}
