internal import CLinux
internal import Synchronization

/// The cells that a vCPU counts its exits in: its thread alone writes them, anybody reads them at any time.
///
/// Fixed in size, whatever the guest does. Each is a word of its own, so a reader sees numbers that are of slightly
/// different moments, and never a torn one.
@safe
final class ExitCells: Sendable {
  /// Where in the cells what stands.
  enum Place {
    static let start = 0
    /// 0 while the vCPU runs.
    static let end = 1
    /// Exits to addresses for which the table had no room.
    static let otherPlaces = 2
    static let reasons = 3
    /// Count, ticks, and the histogram of the ticks.
    static let reasonSize = 2 + ExitHistogram.buckets
    static let places = reasons + ExitReason.allCases.count * reasonSize
    /// Key, count, ticks.
    static let placeSize = 3
    static let placeBits = 9
    static let placeCount = 1 << placeBits
    static let count = places + placeCount * placeSize
  }

  // Filled in init, freed in deinit, atomics between.
  nonisolated(unsafe) let cells: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    unsafe cells = .allocate(capacity: Place.count)
    for index in 0..<Place.count { unsafe (cells + index).initialize(to: Atomic(0)) }
  }

  deinit {
    unsafe cells.deinitialize(count: Place.count)
    unsafe cells.deallocate()
  }

  /// - Precondition: `index` is less than `Place.count`.
  subscript(_ index: Int) -> UInt64 {
    precondition(index >= 0 && index < Place.count, "no such cell")
    // In bounds by the line above.
    return unsafe cells[index].load(ordering: .relaxed)
  }
}

/// The hand that writes the cells: a plain value without references, so that the exit path counts none.
@safe
struct ExitRecorder {
  private typealias Place = ExitCells.Place

  // Nil: nothing is counted. Valid while the ExitCells lives, which the vCPU's loop holds.
  private let cells: UnsafeMutablePointer<Atomic<UInt64>>?

  init(_ owner: ExitCells?) {
    unsafe cells = owner?.cells
  }

  var isOn: Bool { unsafe cells != nil }

  /// Ticks of the time stamp counter.
  @inline(__always)
  static var now: UInt64 { clinux_ticks() }

  func begin() { set(Place.start, Self.now) }

  func end() { set(Place.end, Self.now) }

  /// Counts an exit that came at `start` and has been answered.
  @inline(__always)
  func note(_ exit: VCPUExit, since start: UInt64) {
    let ticks = Self.now &- start
    let (reason, address) = exit.counted
    let base = Place.reasons &+ reason.rawValue &* Place.reasonSize
    add(1, to: base)
    add(ticks, to: base &+ 1)
    add(1, to: base &+ 2 &+ ExitHistogram.bucket(of: ticks))
    if reason.hasPlace { note(place: Self.key(reason, address), ticks) }
  }

  /// Never 0. Addresses have 52 bits at most.
  static func key(_ reason: ExitReason, _ address: UInt64) -> UInt64 {
    address &<< 4 | UInt64(truncatingIfNeeded: reason.rawValue) &<< 1 | 1
  }

  @inline(__always)
  private func note(place key: UInt64, _ ticks: UInt64) {
    // The upper bits of the product depend on all of the key.
    var slot = Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) &>> UInt64(64 - Place.placeBits))
    for _ in 0..<8 {
      let cell = Place.places &+ slot &* Place.placeSize
      let found = get(cell)
      if found == 0 { set(cell, key) }
      if found == 0 || found == key {
        add(1, to: cell &+ 1)
        add(ticks, to: cell &+ 2)
        return
      }
      slot = (slot &+ 1) & (Place.placeCount &- 1)
    }
    add(1, to: Place.otherPlaces)
  }

  // The indices are made above from constants, a bucket below `buckets` and a slot below `placeCount`.
  @inline(__always)
  private func get(_ index: Int) -> UInt64 {
    unsafe cells.unsafelyUnwrapped[index].load(ordering: .relaxed)
  }

  @inline(__always)
  private func set(_ index: Int, _ value: UInt64) {
    unsafe cells.unsafelyUnwrapped[index].store(value, ordering: .relaxed)
  }

  /// One thread writes: a load and a store do, and need no locked instruction.
  @inline(__always)
  private func add(_ value: UInt64, to index: Int) {
    set(index, get(index) &+ value)
  }
}
