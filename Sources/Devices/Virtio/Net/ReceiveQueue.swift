internal import CLinux

/// Moves frames from the host into a receive queue. No frame costs an allocation.
@safe
struct ReceiveQueue: ~Copyable {
  enum Outcome {
    /// The host has no more.
    case drained
    /// It may have more, but others want their turn.
    case busy
    /// The driver has to add buffers first.
    case starved
    /// The host's side is gone.
    case lost
  }

  private var queue: VirtQueue
  private var window = ReceiveWindow()
  private var segments: SegmentList
  private let isMergeable: Bool
  private let clearsFlags: Bool
  /// The largest packet that was agreed on; 0: none was.
  private let limit: Int
  /// The largest packet that is expected.
  private let mtu: Int
  private var mac: MACAddress
  private var filter: ReceiveFilter
  private var acceptsAll: Bool
  private var offloads: VirtioFeatures
  /// Bytes that the largest frame takes, its header included.
  private var wanted: Int
  /// A frame that does not fit into what the driver gave: its length, and how much of it is in the chains.
  /// The rest is in the spill, until there are more chains.
  private var waiting: (length: Int, placed: Int)?
  /// The most chains that the driver was ever seen to give.
  private var mostChains = 0
  /// Frames until only short ones are expected. A read into one chain costs the host least: it copies the
  /// list of buffers, and allocates for a long one.
  private var patience = 0

  /// Frames in one turn, and between two looks of the driver at the used ring.
  private static let turn = 256
  private static let burst = 64
  /// Short frames in a row after which the next is expected to be short, and a length of chain that is read
  /// into alone.
  private static let mostPatience = 32
  private static let shortChain = 256

  /// - Parameter mtu: what the driver was told where it asked; 0: it cannot be told.
  init(_ configuration: QueueConfiguration, _ settings: NetSettings, mtu: Int, memory: GuestMemory)
    throws(QueueFault)
  {
    queue = try VirtQueue(configuration, features: settings.features, memory: memory)
    segments = SegmentList(capacity: Int(configuration.size))
    isMergeable = settings.features.contains(.netMergeableBuffers)
    clearsFlags = !settings.features.contains(.netGuestChecksum)
    limit = settings.features.contains(.netMTU) ? mtu : 0
    self.mtu = max(mtu, 1500)
    mac = settings.mac
    filter = settings.filter
    acceptsAll = false
    offloads = []
    wanted = 0
    apply(settings)
  }

  /// The next entry of the used ring: how many chains were given back.
  var nextUsed: UInt16 { queue.nextUsed }

  mutating func apply(_ settings: NetSettings) {
    mac = settings.mac
    filter = settings.filter
    acceptsAll = filter.acceptsAll
    offloads = settings.offloads
    let segmented: VirtioFeatures = [.netGuestTSO4, .netGuestTSO6, .netGuestUSO4, .netGuestUSO6]
    let payload = offloads.isDisjoint(with: segmented) ? mtu : 65536
    wanted = NetHeader.size + 18 + payload
  }

  /// Moves what is there.
  ///
  /// - Parameter signal: called where the driver wants to be notified.
  mutating func move(from port: any FramePort, signal: () -> Void) throws(QueueFault) -> Outcome {
    queue.disableNotifications()
    var budget = Self.turn
    var outcome = Outcome.busy
    do throws(QueueFault) {
      // Not with a frame that waits for chains which may be there by now.
      while budget > 0 || waiting != nil {
        budget &-= 1
        try fill()
        if waiting != nil { placeWaiting() }
        guard waiting == nil, window.chainCount > 0 else {
          // Should buffers have come meanwhile, no notification will tell.
          if queue.enableNotifications() {
            queue.disableNotifications()
            continue
          }
          outcome = .starved
          break
        }
        let onlyFirst = !isMergeable || (patience == 0 && window.firstBytes >= Self.shortChain)
        let count = window.read(from: port, onlyFirst: onlyFirst)
        if count < 0 {
          outcome = Int32(truncatingIfNeeded: count) == -EAGAIN ? .drained : .lost
          break
        }
        accept(count, room: onlyFirst ? window.firstBytes : window.bytes)
        if budget % Self.burst == 0, queue.publish() { signal() }
      }
    } catch {
      if queue.publish() { signal() }
      throw error
    }
    if queue.publish() { signal() }
    return outcome
  }

  /// Takes chains until the largest frame fits, as far as there are any.
  private mutating func fill() throws(QueueFault) {
    // A frame that may not be spread takes one chain, whatever its size.
    let wanted = isMergeable ? max(wanted, waiting?.length ?? 0) : 1
    // No more than a queueful: a driver that goes on adding must not keep this thread.
    var budget = queue.size
    while window.bytes < wanted, budget > 0, window.hasRoom(for: Int(queue.size)) {
      guard let head = try queue.pop(into: &segments) else { break }
      budget &-= 1
      if segments.writableBytes >= UInt64(NetHeader.size) {
        window.append(head, segments)
      } else {
        // Of no use, not even for a header.
        queue.push(head, written: 0)
      }
    }
    mostChains = max(mostChains, window.chainCount &+ Int(min(queue.offered, queue.size)))
  }

  /// Puts the frame that waits into the chains where it fits now. Drops it where it never will.
  private mutating func placeWaiting() {
    guard let (length, placed) = waiting else { return }
    if window.bytes >= length {
      window.copySpill(length &- placed, to: placed)
      waiting = nil
      deliver(length)
    } else if window.chainCount >= mostChains || !window.hasRoom(for: Int(queue.size)) {
      waiting = nil
    }
  }

  /// A frame of `length` bytes was read, of which the chains have the first `room` bytes.
  private mutating func accept(_ length: Int, room: Int) {
    patience = length > window.firstBytes ? Self.mostPatience : max(patience &- 1, 0)
    guard length >= NetHeader.size + 14, length < room &+ ReceiveWindow.spillSize, isWanted(length) else {
      return
    }
    if length <= room {
      deliver(length)
    } else if isMergeable {
      waiting = (length, placed: room)
      if window.bytes >= length { placeWaiting() }
    }
  }

  /// Gives the chains that hold a frame of `length` bytes to the driver.
  private mutating func deliver(_ length: Int) {
    let count = isMergeable ? window.chains(for: length) : 1
    if clearsFlags { window.storeFlags(0) }
    // Nobody has set this field.
    window.storeBufferCount(UInt16(truncatingIfNeeded: count))
    var rest = length
    for _ in 0..<count {
      let (head, written) = window.removeFirst(filledWith: rest)
      queue.push(head, written: UInt32(truncatingIfNeeded: written))
      rest &-= written
    }
  }

  /// Whether the driver gets the frame that was just read.
  private func isWanted(_ length: Int) -> Bool {
    // Header, addresses, type and a VLAN tag.
    var start: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
    return unsafe withUnsafeMutableBytes(of: &start) { bytes in
      let known = unsafe min(window.copyStart(into: bytes), length)
      // Every index is below the 32 bytes.
      let gsoType = unsafe bytes[1]
      guard ReceivedHeader.isAcceptable(flags: unsafe bytes[0], gsoType: gsoType, offloads: offloads) else {
        return false
      }
      let type = unsafe UInt16(bytes[24]) &<< 8 | UInt16(bytes[25])
      let isTagged = type == 0x8100 && known >= 30
      if limit > 0, gsoType == NetHeader.Segmentation.none,
        length > limit &+ NetHeader.size &+ (isTagged ? 18 : 14)
      {
        return false
      }
      if acceptsAll { return true }
      var destination: UInt64 = 0
      for index in 12..<18 { destination = unsafe destination &<< 8 | UInt64(bytes[index]) }
      let vlan = unsafe isTagged ? (UInt16(bytes[26]) &<< 8 | UInt16(bytes[27])) & 0xFFF : nil
      return filter.accepts(MACAddress(value: destination), vlan: vlan, own: mac)
    }
  }
}
