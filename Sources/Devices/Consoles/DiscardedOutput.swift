internal import Synchronization

/// Console output that goes nowhere and is only counted. It needs no thread.
public final class DiscardedOutput: ConsoleSink {
  private let accepted = Atomic<UInt64>(0)

  public init() {}

  public var byteCount: UInt64 { accepted.load(ordering: .relaxed) }

  public func accept(_ byte: UInt8) -> Bool {
    accepted.wrappingAdd(1, ordering: .relaxed)
    return true
  }

  public func accept(_ bytes: UnsafeRawBufferPointer) -> Int {
    accepted.wrappingAdd(UInt64(bytes.count), ordering: .relaxed)
    return bytes.count
  }
}
