internal import CLinux
internal import Synchronization

/// A byte queue between one producer and one consumer, without a lock.
@safe
final class ConsoleRing: Sendable {
  private let capacity: Int

  // From calloc in init, freed in deinit. A byte between head and tail belongs to the consumer, any
  // other one to the producer.
  private nonisolated(unsafe) let bytes: UnsafeMutablePointer<UInt8>
  /// Bytes ever taken, and ever put in.
  private let head = Atomic<Int>(0)
  private let tail = Atomic<Int>(0)

  /// - Parameter capacity: bytes, a power of two.
  init(capacity: Int) {
    precondition(capacity > 0 && capacity & (capacity - 1) == 0, "a ring of no power of two")
    self.capacity = capacity
    // Zeroed without being touched: most machines say less than a buffer full.
    guard let memory = unsafe calloc(capacity, 1) else { fatalError("out of memory") }
    unsafe bytes = memory.bindMemory(to: UInt8.self, capacity: capacity)
  }

  deinit {
    unsafe free(bytes)
  }

  /// Puts a byte in; false when there is no room. Producer only.
  func put(_ byte: UInt8) -> Bool {
    let end = tail.load(ordering: .relaxed)
    guard end &- head.load(ordering: .acquiring) < capacity else { return false }
    // The mask keeps the index inside the allocation.
    unsafe bytes[end & (capacity &- 1)] = byte
    // Sequentially consistent, so that it is ordered before the producer's look at the sleeper flag.
    tail.store(end &+ 1, ordering: .sequentiallyConsistent)
    return true
  }

  /// Puts in the first of `source`, as many as there is room for. Producer only.
  ///
  /// - Returns: how many.
  func put(_ source: UnsafeRawBufferPointer) -> Int {
    let end = tail.load(ordering: .relaxed)
    let room = capacity &- (end &- head.load(ordering: .acquiring))
    let count = min(source.count, room)
    guard count > 0, let start = source.baseAddress else { return 0 }
    let index = end & (capacity &- 1)
    let first = min(count, capacity &- index)
    // `first` bytes from `index` and the rest from 0 lie inside the allocation, and are the producer's.
    unsafe UnsafeMutableRawPointer(bytes + index).copyMemory(from: start, byteCount: first)
    unsafe UnsafeMutableRawPointer(bytes).copyMemory(from: start + first, byteCount: count &- first)
    // As above.
    tail.store(end &+ count, ordering: .sequentiallyConsistent)
    return count
  }

  /// Puts in the first of `source`, as many as there is room for. Producer only.
  ///
  /// - Returns: how many.
  func put(_ source: borrowing Span<UInt8>) -> Int {
    // The span's bytes stay where they are while it is borrowed.
    unsafe source.withUnsafeBytes { unsafe put($0) }
  }

  /// Whether a producer finds no room.
  var isFull: Bool {
    tail.load(ordering: .sequentiallyConsistent) &- head.load(ordering: .sequentiallyConsistent)
      >= capacity
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
    let index = start & (capacity &- 1)
    let run = min(waiting, capacity &- index)
    // `run` bytes from `index` lie inside the allocation, and the producer leaves them alone.
    let taken = unsafe body(UnsafeRawBufferPointer(start: bytes + index, count: run))
    head.store(start &+ max(0, min(taken, run)), ordering: .releasing)
  }
}
