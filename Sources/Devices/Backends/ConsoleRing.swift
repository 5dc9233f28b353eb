internal import CLinux
internal import Synchronization

/// A byte queue between one producer and one consumer, without a lock.
@safe
final class ConsoleRing: Sendable {
  static let capacity = 1 << 16

  // From calloc in init, freed in deinit. A byte between head and tail belongs to the consumer, any
  // other one to the producer.
  private nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>
  /// Bytes ever taken, and ever put in.
  private let head = Atomic<Int>(0)
  private let tail = Atomic<Int>(0)

  init() {
    // Zeroed without being touched: most machines say less than a buffer full.
    guard let memory = unsafe calloc(Self.capacity, 1) else { fatalError("out of memory") }
    unsafe bytes = memory.bindMemory(to: UInt8.self, capacity: Self.capacity)
  }

  deinit {
    unsafe free(bytes)
  }

  /// Puts a byte in; false when there is no room. Producer only.
  func put(_ byte: UInt8) -> Bool {
    let end = tail.load(ordering: .relaxed)
    guard end &- head.load(ordering: .acquiring) < Self.capacity else { return false }
    // The mask keeps the index inside the allocation.
    unsafe bytes[end & (Self.capacity &- 1)] = byte
    // Sequentially consistent, so that it is ordered before the producer's look at the sleeper flag.
    tail.store(end &+ 1, ordering: .sequentiallyConsistent)
    return true
  }

  /// Whether there is nothing to take. Consumer only.
  var isEmpty: Bool {
    head.load(ordering: .relaxed) == tail.load(ordering: .sequentiallyConsistent)
  }

  /// Offers what waits, at most up to the end of the buffer, to `body`, and takes as many bytes as
  /// it returns. Consumer only.
  func consume(_ body: (UnsafeRawBufferPointer) -> Int) {
    let start = head.load(ordering: .relaxed)
    let waiting = tail.load(ordering: .acquiring) &- start
    let index = start & (Self.capacity &- 1)
    let run = min(waiting, Self.capacity &- index)
    // `run` bytes from `index` lie inside the allocation, and the producer leaves them alone.
    let taken = unsafe body(UnsafeRawBufferPointer(start: bytes + index, count: run))
    head.store(start &+ max(0, min(taken, run)), ordering: .releasing)
  }
}
