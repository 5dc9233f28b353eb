internal import CLinux

/// Moves frames from a transmit queue to the host. No frame costs an allocation.
@safe
struct TransmitQueue: ~Copyable {
  enum Outcome {
    /// The driver has no more.
    case drained
    /// It may have more, but others want their turn.
    case busy
    /// The host has to take some first.
    case blocked
  }

  private var queue: VirtQueue
  private var segments: SegmentList
  private let features: VirtioFeatures
  // One element for the header and one for each of the chain's buffers.
  private let buffers: UnsafeMutablePointer<iovec>
  // The header as it was checked: the guest may change its own meanwhile.
  private let header: UnsafeMutablePointer<NetHeader>

  /// Frames in one turn.
  private static let turn = 256
  /// Frames and bytes between two looks of the driver at the used ring. Who sent long frames waits for their memory.
  private static let burst = 64
  private static let burstBytes: UInt64 = 1 << 14
  /// Ethernet header with a VLAN tag, and the longest packet.
  private static let longestFrame: UInt64 = 18 + 65_575

  init(_ configuration: QueueConfiguration, _ features: VirtioFeatures, memory: GuestMemory)
    throws(QueueFault)
  {
    queue = try VirtQueue(configuration, features: features, memory: memory)
    segments = SegmentList(capacity: Int(configuration.size))
    self.features = features
    unsafe buffers = .allocate(capacity: Int(configuration.size) + 1)
    unsafe header = .allocate(capacity: 1)
    unsafe header.initialize(to: NetHeader())
  }

  /// The next entry of the used ring: how many chains were given back.
  var nextUsed: UInt16 { queue.nextUsed }

  deinit {
    // Both of trivial types.
    unsafe buffers.deallocate()
    unsafe header.deallocate()
  }

  /// Sends what is there.
  ///
  /// - Parameter signal: called where the driver wants to be notified: at once, or, where the frames were few and short,
  ///   a little later.
  mutating func move(to port: any FramePort, signal: (_ isUrgent: Bool) -> Void) throws(QueueFault) -> Outcome
  {
    // What an earlier turn left comes first.
    guard port.flush() else { return .blocked }
    queue.disableNotifications()
    var budget = Self.turn
    var untold: UInt64 = 0
    do throws(QueueFault) {
      while budget > 0, port.hasRoom || port.flush(), let head = try queue.pop(into: &segments) {
        send(to: port)
        queue.push(head, written: 0)
        budget &-= 1
        untold &+= segments.readableBytes
        guard untold >= Self.burstBytes || budget % Self.burst == 0 else { continue }
        untold = 0
        if queue.publish() { signal(true) }
      }
    } catch {
      _ = port.flush()
      if queue.publish() { signal(true) }
      throw error
    }
    let isSent = port.flush()
    if queue.publish() { signal(false) }
    guard isSent else { return .blocked }
    return queue.enableNotifications() ? .busy : .drained
  }

  /// Sends the chain's frame. One that breaks the rules, or that the host does not take, is dropped, as a
  /// wire would.
  private mutating func send(to port: any FramePort) {
    let size = UInt64(NetHeader.size)
    guard segments.readableBytes >= size + 14, segments.readableBytes <= size + Self.longestFrame else {
      return
    }
    var words: (UInt64, UInt32) = (0, 0)
    let raw = unsafe withUnsafeMutableBytes(of: &words) { bytes in
      // The first 12 bytes are the header's, which the chain has.
      let bytes = unsafe UnsafeMutableRawBufferPointer(rebasing: bytes[..<NetHeader.size])
      _ = unsafe segments.copyOut(from: 0, into: bytes)
      return unsafe bytes.loadUnaligned(as: NetHeader.self)
    }
    let length = Int(truncatingIfNeeded: segments.readableBytes &- size)
    guard let checked = raw.checked(features, frame: length) else { return }
    unsafe header.pointee = checked
    let count = unsafe segments.withReadable { source, count in
      unsafe Self.gather(source, count, behind: header, into: buffers)
    }
    // `gather` filled that many elements.
    unsafe port.write(buffers, count: count)
  }

  /// Writes our header and the chain's buffers without theirs to `target`; how many that makes.
  ///
  /// - Precondition: `target` has room for one element more than `count`.
  @unsafe @inline(__always)
  private static func gather(
    _ source: UnsafeMutablePointer<iovec>, _ count: Int, behind header: UnsafeMutablePointer<NetHeader>,
    into target: UnsafeMutablePointer<iovec>
  ) -> Int {
    unsafe target.initialize(to: iovec(iov_base: header, iov_len: NetHeader.size))
    var skip = NetHeader.size
    var filled = 1
    for index in 0..<count {
      // Index is below the count of elements, and skip at most the buffer's length.
      let buffer = unsafe source[index]
      let length = unsafe buffer.iov_len
      if skip >= length {
        skip &-= length
        continue
      }
      guard let base = unsafe buffer.iov_base else { continue }
      unsafe (target + filled).initialize(to: iovec(iov_base: base + skip, iov_len: length &- skip))
      skip = 0
      filled &+= 1
    }
    return filled
  }
}
