internal import CLinux
internal import Synchronization

/// The records of one track on their way from whoever makes them to the one who takes them out.
///
/// Whoever makes one claims the next slot and fills it in; a slot is full when its first word is not zero. So nobody
/// waits: what finds no free slot is dropped, and counted. A track's records come from one thread, mostly; should
/// they come from several, each claims slots of its own.
///
/// The memory is never freed: those who write into it hold no reference, and may outlive everything else. A process
/// has one trace.
@safe
public final class TraceRing: Sendable {
  enum Cell {
    static let head = 0
    /// A cache line further: one is written by those who fill, the other by the one who takes.
    static let tail = 8
    static let dropped = 16
    static let slots = 24
    /// Start, duration, tag, and three words.
    static let slotSize = 6
  }

  /// Records; a power of two. At a million exits a second they last 65 ms.
  public static let capacity = 1 << 16

  // Zeroed memory, of which pages come with their first use; atomics that live as long as the process.
  nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>?

  init() {
    let count = Cell.slots + Self.capacity * Cell.slotSize
    // An atomic word has a word's size, alignment and zero. Nil where the host has no memory left: nothing is traced.
    unsafe cells = calloc(count, MemoryLayout<Atomic<UInt64>>.stride)?
      .bindMemory(to: Atomic<UInt64>.self, capacity: count)
  }

  /// How many records found no room so far.
  public var dropped: UInt64 {
    // Every index is a constant below the count.
    unsafe cells?[Cell.dropped].load(ordering: .relaxed) ?? 0
  }

  /// How many slots were claimed so far.
  public var claimed: UInt64 { unsafe cells?[Cell.head].load(ordering: .relaxed) ?? 0 }

  /// Takes the oldest record; nil: there is none, or it is not complete yet. For one thread.
  public func take() -> TraceRecord? {
    guard let cells = unsafe cells else { return nil }
    let tail = unsafe cells[Cell.tail].load(ordering: .relaxed)
    let slot = TraceRing.slot(tail)
    // The slot is one of `capacity`.
    let start = unsafe cells[slot].load(ordering: .acquiring)
    guard start != 0 else { return nil }
    func word(_ index: Int) -> UInt64 { unsafe cells[slot &+ index].load(ordering: .relaxed) }
    let tag = word(2)
    let record = TraceRecord(
      TraceRecord.Kind(rawValue: UInt8(truncatingIfNeeded: tag)) ?? .exit,
      detail: UInt8(truncatingIfNeeded: tag &>> 8), device: UInt16(truncatingIfNeeded: tag &>> 16),
      number: UInt32(truncatingIfNeeded: tag &>> 32), start: start, duration: word(1), first: word(3),
      second: word(4), third: word(5))
    unsafe cells[slot].store(0, ordering: .relaxed)
    // Release: the slot was read and is empty before it can be claimed again.
    unsafe cells[Cell.tail].store(tail &+ 1, ordering: .releasing)
    return record
  }

  /// The first cell of the slot for the record with this number.
  @inline(__always)
  static func slot(_ number: UInt64) -> Int {
    Cell.slots &+ (Int(truncatingIfNeeded: number) & (capacity &- 1)) &* Cell.slotSize
  }
}
