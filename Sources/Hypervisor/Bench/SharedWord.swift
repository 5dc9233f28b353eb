internal import Devices
internal import Synchronization

/// A word of guest memory that host threads and the guest write to.
@safe
struct SharedWord: Sendable {
  // Valid as long as `memory`, which this keeps; 8-byte aligned as the layout's addresses are.
  private nonisolated(unsafe) let word: UnsafeMutablePointer<Atomic<UInt64>>
  private let memory: GuestMemory

  /// Nil where there is no memory at that address.
  init?(_ place: BenchLayout.Word, in memory: GuestMemory) {
    guard let host = unsafe memory.hostPointer(at: GuestAddress(place.rawValue), size: 8) else { return nil }
    unsafe word = host.assumingMemoryBound(to: Atomic<UInt64>.self)
    self.memory = memory
  }

  var value: UInt64 {
    get { unsafe word.pointee.load(ordering: .acquiring) }
    nonmutating set { unsafe word.pointee.store(newValue, ordering: .releasing) }
  }

  /// The address, for C. Valid while this value lives.
  @unsafe var pointer: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(word) }

  /// Watches until `isReached`.
  /// - Returns: false where the guest has ended without it.
  func wait(_ over: OverFlag, until isReached: (UInt64) -> Bool) -> Bool {
    while !isReached(value) {
      if over.isUp { return false }
    }
    return true
  }
}

/// Tells the threads around a guest that it runs no more.
@safe
final class OverFlag: Sendable {
  // Made here, freed in deinit, an atomic between. On its own, so that C can look at it.
  private nonisolated(unsafe) let flag: UnsafeMutablePointer<Atomic<UInt64>>

  init() {
    unsafe flag = .allocate(capacity: 1)
    unsafe flag.initialize(to: Atomic(0))
  }

  deinit {
    unsafe flag.deinitialize(count: 1)
    unsafe flag.deallocate()
  }

  var isUp: Bool { unsafe flag.pointee.load(ordering: .acquiring) != 0 }

  func raise() { unsafe flag.pointee.store(1, ordering: .releasing) }

  /// The address, for C. Valid while this lives.
  @unsafe var pointer: UnsafeMutableRawPointer { unsafe UnsafeMutableRawPointer(flag) }
}

/// Room for time stamps. One thread at a time writes, and whoever reads has waited for it.
@safe
final class StampBuffer: Sendable {
  // Made here, freed in deinit.
  nonisolated(unsafe) let words: UnsafeMutableBufferPointer<UInt64>

  init(count: Int) {
    unsafe words = .allocate(capacity: count)
    // Written once now, so that no page of it is touched first while something is measured.
    unsafe words.initialize(repeating: 0)
  }

  deinit {
    unsafe words.deallocate()
  }

  subscript(_ index: Int) -> UInt64 {
    get {
      precondition(unsafe index >= 0 && index < words.count, "no such stamp")
      // In bounds by the line above.
      return unsafe words[index]
    }
    set {
      precondition(unsafe index >= 0 && index < words.count, "no such stamp")
      // In bounds by the line above.
      unsafe words[index] = newValue
    }
  }
}
