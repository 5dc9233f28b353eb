internal import Synchronization
public import SystemPackage

/// What happened to a disk: counters, and the news that a request failed, for whoever tells people.
public final class DiskMonitor: Sendable {
  public struct Failure: Sendable, Hashable {
    public let operation: DiskRequest.Operation
    /// Bytes.
    public let offset: UInt64
    public let error: Errno
  }

  public struct Counters: Sendable, Hashable {
    public let reads: UInt64
    public let writes: UInt64
    /// Flushes, discards and the like.
    public let others: UInt64
    public let bytesRead: UInt64
    public let bytesWritten: UInt64
    /// Requests that the host could not carry out.
    public let failures: UInt64
    /// Requests that made no sense for the disk.
    public let refusals: UInt64
  }

  /// Signalled when a request failed.
  public let failed: EventDescriptor
  private let lastFailureBox = Mutex<Failure?>(nil)
  private let reads = Atomic<UInt64>(0)
  private let writes = Atomic<UInt64>(0)
  private let others = Atomic<UInt64>(0)
  private let bytesRead = Atomic<UInt64>(0)
  private let bytesWritten = Atomic<UInt64>(0)
  private let failures = Atomic<UInt64>(0)
  private let refusals = Atomic<UInt64>(0)

  public init() throws(Errno) {
    failed = try EventDescriptor()
  }

  public var lastFailure: Failure? { lastFailureBox.withLock { $0 } }

  public var counters: Counters {
    Counters(
      reads: reads.load(ordering: .relaxed), writes: writes.load(ordering: .relaxed),
      others: others.load(ordering: .relaxed), bytesRead: bytesRead.load(ordering: .relaxed),
      bytesWritten: bytesWritten.load(ordering: .relaxed), failures: failures.load(ordering: .relaxed),
      refusals: refusals.load(ordering: .relaxed))
  }

  func noteCompletion(_ operation: DiskRequest.Operation, bytes: UInt64) {
    switch operation {
    case .read:
      reads.wrappingAdd(1, ordering: .relaxed)
      bytesRead.wrappingAdd(bytes, ordering: .relaxed)
    case .write, .stableWrite:
      writes.wrappingAdd(1, ordering: .relaxed)
      bytesWritten.wrappingAdd(bytes, ordering: .relaxed)
    case .flush, .discard, .writeZeroes, .unmapZeroes, .stableWriteZeroes, .stableUnmapZeroes:
      others.wrappingAdd(1, ordering: .relaxed)
    }
  }

  // Apart from the path of those that succeed.
  @inline(never)
  func noteFailure(_ failure: Failure) {
    failures.wrappingAdd(1, ordering: .relaxed)
    lastFailureBox.withLock { $0 = failure }
    failed.signal()
  }

  func noteRefusal() {
    refusals.wrappingAdd(1, ordering: .relaxed)
  }
}
