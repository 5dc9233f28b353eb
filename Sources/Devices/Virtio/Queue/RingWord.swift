internal import Synchronization

/// Words of a ring, which the guest writes while we read: each access is atomic, so that the compiler
/// neither repeats nor drops nor tears it.
///
/// Every function asks of its caller that the pointer lies in mapped guest memory and is aligned to the
/// word.
enum RingWord {
  @unsafe @inline(__always)
  static func load(_ pointer: UnsafeMutableRawPointer) -> UInt16 {
    unsafe pointer.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.load(ordering: .relaxed)
  }

  /// What the driver wrote before it wrote this word is read after it.
  @unsafe @inline(__always)
  static func loadAcquiring(_ pointer: UnsafeMutableRawPointer) -> UInt16 {
    unsafe pointer.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.load(ordering: .acquiring)
  }

  @unsafe @inline(__always)
  static func store(_ value: UInt16, at pointer: UnsafeMutableRawPointer) {
    unsafe pointer.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.store(value, ordering: .relaxed)
  }

  /// What was written before is visible to who sees this word.
  @unsafe @inline(__always)
  static func storeReleasing(_ value: UInt16, at pointer: UnsafeMutableRawPointer) {
    unsafe pointer.assumingMemoryBound(to: Atomic<UInt16>.self).pointee.store(value, ordering: .releasing)
  }

  @unsafe @inline(__always)
  static func store(_ value: UInt32, at pointer: UnsafeMutableRawPointer) {
    unsafe pointer.assumingMemoryBound(to: Atomic<UInt32>.self).pointee.store(value, ordering: .relaxed)
  }
}
