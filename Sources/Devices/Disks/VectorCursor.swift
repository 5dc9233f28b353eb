internal import CLinux

/// Walks buffers that are worked on piece by piece. Works on the array itself, which it consumes.
@safe
struct VectorCursor {
  // `count` elements from `pointer` on, each a buffer of valid memory.
  private(set) var pointer: UnsafeMutablePointer<iovec>
  private(set) var count: Int

  /// - Parameter request: its array is this cursor's until the request completes.
  init?(_ request: DiskRequest) {
    guard let vectors = unsafe request.vectors else { return nil }
    unsafe pointer = vectors
    count = request.vectorCount
    skipEmpty()
  }

  var isAtEnd: Bool { count == 0 }

  /// Leaves out `size` bytes, at most what is left.
  mutating func advance(by size: Int) {
    var rest = size
    while count > 0 {
      // count > 0: there is an element.
      let length = unsafe pointer.pointee.iov_len
      if rest < length {
        // rest < length: still within the buffer.
        unsafe pointer.pointee.iov_base += rest
        unsafe pointer.pointee.iov_len = length &- rest
        break
      }
      rest &-= length
      unsafe pointer += 1
      count &-= 1
    }
    skipEmpty()
  }

  /// A transfer of nothing must not look like the end of a file.
  private mutating func skipEmpty() {
    // count > 0: there is an element.
    while count > 0, unsafe pointer.pointee.iov_len == 0 {
      unsafe pointer += 1
      count &-= 1
    }
  }

  /// Copies the next `size` bytes between the buffers and `other`.
  ///
  /// - Parameters:
  ///   - other: has at least `size` bytes.
  ///   - fills: whether the buffers are written, or read.
  @unsafe
  mutating func copy(_ size: Int, _ other: UnsafeMutableRawPointer, fills: Bool) {
    var done = 0
    while done < size, count > 0 {
      // count > 0: there is an element; empty ones were skipped.
      guard let base = unsafe pointer.pointee.iov_base else { return }
      let part = min(size &- done, unsafe pointer.pointee.iov_len)
      // `part` lies in this buffer, `done + part` in the other.
      if fills {
        unsafe base.copyMemory(from: other + done, byteCount: part)
      } else {
        unsafe (other + done).copyMemory(from: base, byteCount: part)
      }
      done &+= part
      advance(by: part)
    }
  }

  /// Whether every buffer's address and length is a multiple of `alignment`.
  func isAligned(to alignment: UInt32, lengths: UInt32) -> Bool {
    for index in 0..<count {
      // index < count.
      let vector = unsafe pointer[index]
      if UInt(bitPattern: unsafe vector.iov_base) % UInt(max(alignment, 1)) != 0 { return false }
      if UInt(unsafe vector.iov_len) % UInt(max(lengths, 1)) != 0 { return false }
    }
    return true
  }
}
