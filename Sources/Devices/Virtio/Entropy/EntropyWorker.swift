internal import CLinux

/// Fills the entropy queue's buffers, on its event loop.
final class EntropyWorker {
  private let features: VirtioFeatures
  private let host: any DeviceHost
  private let loop: EventLoop
  private var queue: ServedQueue?

  init(_ features: VirtioFeatures, host: any DeviceHost, on loop: EventLoop) {
    self.features = features
    self.host = host
    self.loop = loop
  }

  func start(_ assignment: QueueAssignment) {
    queue = ServedQueue(assignment, features: features, host: host, on: loop) { segments in
      Self.fill(&segments)
    }
  }

  func stop() {
    queue?.stop()
    queue = nil
  }

  /// Bytes that one chain gets at most. A driver that wants more asks again; nothing here takes long.
  private static let limit = 4096

  private static func fill(_ segments: inout SegmentList) -> UInt32 {
    var bytes = [UInt8](repeating: 0, count: Int(min(segments.writableBytes, UInt64(limit))))
    let count = unsafe bytes.withUnsafeMutableBytes { buffer in
      // The buffer is as long as told; without GRND_RANDOM the kernel fills up to 256 bytes whole and
      // more unless a signal comes.
      let count = unsafe getrandom(buffer.baseAddress, buffer.count, 0)
      return unsafe segments.copyIn(UnsafeRawBufferPointer(rebasing: buffer[..<max(count, 0)]), at: 0)
    }
    return UInt32(count)
  }
}
