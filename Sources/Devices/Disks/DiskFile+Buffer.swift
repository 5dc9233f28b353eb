internal import CLinux
internal import SystemPackage

extension DiskFile {
  /// Bytes that are moved at once, a multiple of every alignment.
  private static let bufferSize: UInt64 = 1 << 18

  /// Moves data by way of a buffer of ours, for requests that the kernel does not take as they are.
  ///
  /// - Parameter start: the guest's buffers; nil writes zeroes.
  func transferThroughBuffer(_ request: DiskRequest, _ start: VectorCursor?, isWrite: Bool) -> Errno? {
    let size = Int(Self.bufferSize)
    let base = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: Int(max(memoryAlignment, 16)))
    // Allocated above, and used by nothing after this function.
    defer { unsafe base.deallocate() }
    // As long as it was allocated.
    unsafe base.initializeMemory(as: UInt8.self, repeating: 0, count: size)

    var cursor = start
    let unit = UInt64(offsetAlignment)
    var offset = request.offset
    let end = request.offset &+ request.length
    while offset < end {
      // Whole units around the piece; the capacity is a multiple of the unit.
      let first = offset &- offset % unit
      let last = min(end, first &+ Self.bufferSize)
      let whole = (last &+ unit &- 1) / unit &* unit
      let window = Int(whole &- first)
      let lead = Int(offset &- first)
      let piece = Int(last &- offset)
      let keepsEdges = isWrite && piece < window
      if !isWrite || keepsEdges {
        // window is at most the buffer's size.
        if let error = unsafe move(base, window, at: first, isWrite: false) { return error }
      }
      // lead + piece is at most window.
      if cursor != nil {
        unsafe cursor?.copy(piece, base + lead, fills: !isWrite)
      } else if keepsEdges {
        unsafe (base + lead).initializeMemory(as: UInt8.self, repeating: 0, count: piece)
      }
      if isWrite, let error = unsafe move(base, window, at: first, isWrite: true) { return error }
      offset = last
    }
    return nil
  }

  /// Moves all of `size` bytes between the file and `buffer`.
  @unsafe
  private func move(_ buffer: UnsafeMutableRawPointer, _ size: Int, at offset: UInt64, isWrite: Bool)
    -> Errno?
  {
    var done = 0
    while done < size {
      // done < size: within the buffer.
      let result =
        unsafe isWrite
        ? clinux_write_at(descriptor.number, buffer + done, size &- done, offset &+ UInt64(done))
        : clinux_read_at(descriptor.number, buffer + done, size &- done, offset &+ UInt64(done))
      guard result >= 0 else { return Errno(rawValue: Int32(-result)) }
      guard result > 0 else { return .ioError }
      done &+= result
    }
    return nil
  }
}
