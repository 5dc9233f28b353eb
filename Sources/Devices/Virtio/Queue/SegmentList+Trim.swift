internal import CLinux

extension SegmentList {
  /// Takes the last writable byte away from the buffers: protocols put their status there.
  ///
  /// - Returns: where it is; nil where nothing is writable.
  @unsafe
  mutating func takeLastWritableByte() -> UnsafeMutableRawPointer? {
    guard writableCount > 0 else { return nil }
    // The last of the initialised elements; `pop` appends none that is empty, but a byte may have been
    // taken from it before.
    let last = unsafe storage + (readableCount &+ writableCount &- 1)
    let length = unsafe last.pointee.iov_len
    guard length > 0, let base = unsafe last.pointee.iov_base else { return nil }
    unsafe last.pointee.iov_len = length &- 1
    shrinkWritable(droppingLast: length == 1)
    // In bounds: length - 1 is the last byte's index.
    return unsafe base + (length &- 1)
  }

  /// Takes `size` bytes away from the front of the readable buffers, at most all of them. The buffers
  /// that this empties stay in the list.
  mutating func dropReadable(_ size: UInt64) {
    var rest = min(size, readableBytes)
    shrinkReadable(by: rest)
    for index in 0..<readableCount where rest > 0 {
      // Index is below the number of initialised elements.
      let length = UInt64(unsafe storage[index].iov_len)
      let part = min(rest, length)
      // part is at most the buffer's length.
      unsafe storage[index].iov_base += Int(part)
      unsafe storage[index].iov_len = Int(length &- part)
      rest &-= part
    }
  }
}
