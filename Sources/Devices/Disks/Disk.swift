internal import CLinux
public import SystemPackage

/// What a guest's disk is made of: a file, a block device, whatever keeps bytes at offsets.
///
/// It outlives machines: a guest's reboot finds the same disk.
public protocol Disk: AnyObject, Sendable {
  var geometry: DiskGeometry { get }

  /// A way to it for one worker, whose completions come on `loop`.
  func openChannel(for owner: any DiskChannelOwner, on loop: EventLoop) throws(Errno) -> any DiskChannel
}

/// A worker's way to a disk. Belongs to one event loop's thread.
public protocol DiskChannel: AnyObject {
  /// Takes a request, at the latest with the next `commit`. Requests run concurrently and complete in
  /// any order, each exactly once.
  func submit(_ request: DiskRequest, _ token: consuming DiskToken)

  /// Ends a batch of `submit`.
  func commit()

  /// A request that ended; nil: none has for now.
  func nextCompletion() -> DiskCompletion?

  /// Ends the channel. None of its requests may be under way.
  func close()
}

/// Who submits to a channel.
public protocol DiskChannelOwner: AnyObject {
  /// There are completions to take. Called from the loop, never within one of the channel's functions.
  func completionsArrived()
}

/// The end of a request.
public struct DiskCompletion: ~Copyable {
  let token: DiskToken
  /// Nil: all of it was done.
  let error: Errno?

  init(_ token: consuming DiskToken, _ error: Errno?) {
    self.token = token
    self.error = error
  }

  /// The request's number, and its error.
  consuming func redeem() -> (number: UInt32, error: Errno?) {
    (token.redeem(), error)
  }
}

/// The promise to complete a request exactly once.
///
/// It cannot be copied, and dropping it ends the process: a request that never completes would hang its
/// guest, and one that completes twice would corrupt it.
public struct DiskToken: ~Copyable {
  private let number: UInt32

  /// - Parameter number: the submitter's own name for the request.
  init(_ number: UInt32) {
    self.number = number
  }

  deinit {
    Self.trap()
  }

  /// Never returns; a deinit may not say so of itself.
  private static func trap() {
    preconditionFailure("a disk request was dropped")
  }

  /// The number, for whoever completes the request, or stores it to do so later.
  consuming func redeem() -> UInt32 {
    let number = number
    discard self
    return number
  }
}

/// What to do with a disk's bytes. All of them lie within its capacity.
@safe
public struct DiskRequest: @unchecked Sendable {
  public enum Operation: UInt8, Sendable {
    case read
    case write
    /// A write that is on the host's disk when it completes.
    case stableWrite
    /// All writes that completed before are on the host's disk when it completes.
    case flush
    /// The bytes are of no use any more.
    case discard
    /// The bytes become zeroes; their blocks stay allocated.
    case writeZeroes
    /// The bytes become zeroes; their blocks may be given back.
    case unmapZeroes
    /// The same, and on the host's disk when it completes.
    case stableWriteZeroes
    case stableUnmapZeroes
  }

  public let operation: Operation
  /// Bytes.
  public let offset: UInt64
  public let length: UInt64
  // Buffers of `length` bytes together. They and this array belong to the disk from `submit` until the
  // completion, and to one thread of it at a time, which is what makes this Sendable.
  let vectors: UnsafeMutablePointer<iovec>?
  let vectorCount: Int

  /// Without data.
  init(_ operation: Operation, offset: UInt64 = 0, length: UInt64 = 0) {
    self.operation = operation
    self.offset = offset
    self.length = length
    unsafe vectors = nil
    vectorCount = 0
  }

  /// - Parameter vectors: stay valid and untouched until the request completes.
  @unsafe
  init(
    _ operation: Operation, offset: UInt64, length: UInt64, vectors: UnsafeMutablePointer<iovec>, count: Int
  ) {
    self.operation = operation
    self.offset = offset
    self.length = length
    unsafe self.vectors = vectors
    vectorCount = count
  }
}

/// A disk's size and the pieces that it is used in. Bytes.
public struct DiskGeometry: Hashable, Sendable {
  /// A multiple of 512.
  public let capacity: UInt64
  /// The sector that a guest should use: a power of two from 512 on.
  public let logicalBlock: UInt32
  /// The piece that the host writes at once: a power of two times the logical block.
  public let physicalBlock: UInt32
  public let isReadOnly: Bool
  public let canDiscard: Bool

  public init(
    capacity: UInt64, logicalBlock: UInt32 = 512, physicalBlock: UInt32 = 512, isReadOnly: Bool = false,
    canDiscard: Bool = true
  ) {
    self.capacity = capacity
    let logical = Self.isPowerOfTwo(logicalBlock) ? max(logicalBlock, 512) : 512
    self.logicalBlock = logical
    self.physicalBlock = Self.isPowerOfTwo(physicalBlock) ? max(physicalBlock, logical) : logical
    self.isReadOnly = isReadOnly
    self.canDiscard = canDiscard && !isReadOnly
  }

  private static func isPowerOfTwo(_ value: UInt32) -> Bool {
    value != 0 && value & (value &- 1) == 0
  }
}
