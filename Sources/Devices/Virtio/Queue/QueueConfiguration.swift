/// What a driver wrote about a queue: not checked, and of no effect until the queue is enabled.
public struct QueueConfiguration: Hashable, Sendable, Codable {
  /// The largest size that the device offers; a power of two, at most 1024.
  public let maximumSize: UInt16
  public var size: UInt16
  /// Guest physical addresses of the descriptor table, available ring and used ring.
  public var descriptorTable: UInt64 = 0
  public var availableRing: UInt64 = 0
  public var usedRing: UInt64 = 0
  /// The message vector of used buffer notifications; 0xFFFF: none.
  public var vector = QueueConfiguration.noVector
  public var isEnabled = false
  /// Both indices when the device begins to work on it: 0, but after a pause or a restore.
  public var start: UInt16 = 0

  public static let noVector: UInt16 = 0xFFFF

  public init(maximumSize: UInt16) {
    self.maximumSize = maximumSize
    size = maximumSize
  }
}

/// What a driver did wrong with a queue. The device asks to be reset (DEVICE_NEEDS_RESET).
public enum QueueFault: Error, Hashable, Sendable {
  /// Not a power of two, zero, or above the maximum.
  case badSize(UInt16)
  /// A ring's address is not a multiple of its alignment.
  case misaligned(UInt64)
  /// A ring or buffer lies outside RAM.
  case outsideMemory(address: UInt64, size: UInt64)
  /// The available index ran ahead by more than the queue's size.
  case availableIndexRunaway(UInt16)
  /// A head or a next field names no descriptor.
  case noSuchDescriptor(UInt16)
  /// A chain is longer than the queue, or loops.
  case chainTooLong
  /// A buffer to read comes after one to write.
  case readableAfterWritable
  /// An indirect table within an indirect table, beside a next field, not negotiated, or of a size
  /// that is no multiple of 16.
  case badIndirectTable
  /// The host's kernel serves the queue and found one of these.
  case foundByKernel
}
