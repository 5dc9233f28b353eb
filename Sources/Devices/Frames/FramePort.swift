internal import CLinux
internal import SystemPackage

/// A way for frames in and out, each behind a virtio header: what a pair of queues works on.
protocol FramePort: AnyObject, Sendable {
  /// A descriptor that is readable when a frame may have come.
  var readable: Int32 { get }
  /// One that is writable when more can be sent; nil where frames are never kept back. Another than `readable`: an event
  /// loop watches a descriptor once.
  var writable: Int32? { get }

  /// Puts the next frame with its header into buffers, and cuts it where they are too short.
  ///
  /// - Returns: bytes of the frame and its header, or -errno; -EAGAIN: there is none now.
  func read(into buffers: UnsafeMutablePointer<iovec>, count: Int) -> Int

  /// Sees whether the other side is still there, where frames cannot be read now.
  func checkPeer()

  /// Whether another frame can be taken.
  var hasRoom: Bool { get }
  /// Takes a frame, of which the first buffer holds the header and nothing else. What the host does not want is dropped,
  /// as a wire would.
  func write(_ buffers: UnsafeMutablePointer<iovec>, count: Int)
  /// Sends on what was taken; whether all of it is gone.
  func flush() -> Bool

  /// Takes one of several queues into use or out of it.
  func setAttached(_ isAttached: Bool) throws(Errno)
}

extension FramePort {
  /// Throws away frames that wait: they are another driver's.
  func drain() {
    var scrap: UInt64 = 0
    unsafe withUnsafeMutableBytes(of: &scrap) { bytes in
      var vector = unsafe iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
      // A frame is cut to the 8 bytes that the vector names. Nobody queues more than this many.
      for _ in 0..<4096 where unsafe read(into: &vector, count: 1) < 0 { return }
    }
  }
}
