internal import CLinux

/// Buffers of one descriptor chain as the host sees them: first those that the device reads, then
/// those that it writes. Room for them is made once; a chain fills it anew.
@safe
public struct SegmentList: ~Copyable {
  // `capacity` elements, of which the first `readableCount + writableCount` are initialised.
  let storage: UnsafeMutablePointer<iovec>
  public let capacity: Int
  public private(set) var readableCount = 0
  public private(set) var writableCount = 0
  /// Bytes that the device may read. A chain has at most 1024 buffers of at most 4 GiB each.
  public private(set) var readableBytes: UInt64 = 0
  /// Bytes that the device may write.
  public private(set) var writableBytes: UInt64 = 0

  public init(capacity: Int) {
    self.capacity = max(capacity, 1)
    unsafe storage = .allocate(capacity: max(capacity, 1))
  }

  deinit {
    // iovec is trivial: nothing to deinitialise.
    unsafe storage.deallocate()
  }

  @inline(__always)
  mutating func clear() {
    readableCount = 0
    writableCount = 0
    readableBytes = 0
    writableBytes = 0
  }

  /// Appends a buffer; false where there is no room, or where a readable one follows a writable one.
  @unsafe @inline(__always)
  mutating func append(_ base: UnsafeMutableRawPointer, size: UInt32, isWritable: Bool) -> Bool {
    let count = readableCount &+ writableCount
    guard count < capacity else { return false }
    if isWritable {
      writableCount &+= 1
      writableBytes &+= UInt64(size)
    } else {
      guard writableCount == 0 else { return false }
      readableCount &+= 1
      readableBytes &+= UInt64(size)
    }
    // count < capacity by the guard above.
    unsafe (storage + count).initialize(to: iovec(iov_base: base, iov_len: Int(size)))
    return true
  }

  /// Notes that the last writable byte is not the list's any more.
  mutating func shrinkWritable(droppingLast: Bool) {
    writableBytes &-= 1
    if droppingLast { writableCount &-= 1 }
  }

  /// Notes that the first readable bytes are not the list's any more.
  mutating func shrinkReadable(by size: UInt64) {
    readableBytes &-= size
  }
}

extension SegmentList {
  /// Copies bytes out of the readable buffers, from `offset` on.
  ///
  /// - Returns: how many: fewer than asked for where the chain ends.
  public func copyOut(from offset: UInt64, into target: UnsafeMutableRawBufferPointer) -> Int {
    unsafe transfer(
      first: 0, count: readableCount, offset: offset, size: target.count,
      copy: { guest, done, length in
        guard let base = target.baseAddress else { return }
        // `done + length` is at most the target's count.
        unsafe (base + done).copyMemory(from: guest, byteCount: length)
      })
  }

  /// Copies bytes into the writable buffers, from `offset` on.
  ///
  /// - Returns: how many: fewer than offered where the chain ends.
  public func copyIn(_ source: UnsafeRawBufferPointer, at offset: UInt64) -> Int {
    unsafe transfer(
      first: readableCount, count: writableCount, offset: offset, size: source.count,
      copy: { guest, done, length in
        guard let base = source.baseAddress else { return }
        // `done + length` is at most the source's count.
        unsafe guest.copyMemory(from: base + done, byteCount: length)
      })
  }

  /// Offers the readable bytes from `offset` on, buffer by buffer, until `body` takes less than it is
  /// offered. The guest may change them meanwhile.
  ///
  /// - Parameter body: how many bytes it took.
  /// - Returns: how many it took in all.
  func forEachReadable(from offset: UInt64, _ body: (UnsafeRawBufferPointer) -> Int) -> UInt64 {
    var skip = offset
    var taken: UInt64 = 0
    for index in 0..<readableCount {
      // Index is below the number of initialised elements.
      let buffer = unsafe storage[index]
      let length = UInt64(unsafe buffer.iov_len)
      if skip >= length {
        skip &-= length
        continue
      }
      // The buffer has length - skip bytes from there on; nil bases have none.
      let whole = unsafe UnsafeRawBufferPointer(start: buffer.iov_base, count: Int(length))
      let rest = unsafe UnsafeRawBufferPointer(rebasing: whole[Int(skip)...])
      let count = unsafe body(rest)
      taken &+= UInt64(max(count, 0))
      if count < rest.count { break }
      skip = 0
    }
    return taken
  }

  /// Walks `count` buffers from `first`, skipping `offset` bytes, until `size` bytes are done.
  private func transfer(
    first: Int, count: Int, offset: UInt64, size: Int,
    copy: (UnsafeMutableRawPointer, Int, Int) -> Void
  ) -> Int {
    var skip = offset
    var done = 0
    for index in first..<first &+ count where done < size {
      // Index is below the number of initialised elements.
      let buffer = unsafe storage[index]
      let length = UInt64(unsafe buffer.iov_len)
      if skip >= length {
        skip &-= length
        continue
      }
      guard let base = unsafe buffer.iov_base else { continue }
      let part = min(Int(length &- skip), size &- done)
      // The buffer has length - skip bytes from there on.
      unsafe copy(base + Int(skip), done, part)
      skip = 0
      done &+= part
    }
    return done
  }

  /// The readable buffers as preadv's family takes them. Valid until the next chain.
  @unsafe
  func withReadable<Result>(_ body: (UnsafeMutablePointer<iovec>, Int) -> Result) -> Result {
    unsafe body(storage, readableCount)
  }

  /// The writable buffers as preadv's family takes them. Valid until the next chain.
  @unsafe
  func withWritable<Result>(_ body: (UnsafeMutablePointer<iovec>, Int) -> Result) -> Result {
    unsafe body(storage + readableCount, writableCount)
  }
}
