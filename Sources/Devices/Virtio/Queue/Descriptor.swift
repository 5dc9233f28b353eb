internal import CLinux

/// A descriptor, copied out of guest memory once (virtio 1.2 section 2.7.5).
struct Descriptor {
  let address: UInt64
  /// Bytes.
  let length: UInt32
  let flags: UInt16
  let nextIndex: UInt16

  static let next: UInt16 = 1 << 0
  static let write: UInt16 = 1 << 1
  static let indirect: UInt16 = 1 << 2

  /// - Precondition: 16 bytes from `pointer` on are mapped.
  @unsafe @inline(__always)
  init(_ pointer: UnsafeMutableRawPointer) {
    let words = unsafe clinux_load_words(pointer)
    address = words.first
    length = UInt32(truncatingIfNeeded: words.second)
    flags = UInt16(truncatingIfNeeded: words.second &>> 32)
    nextIndex = UInt16(truncatingIfNeeded: words.second &>> 48)
  }
}
