internal import CLinux

/// Chains that were taken from a receive queue and hold no frame yet, as one list of buffers.
///
/// A frame's length is known only when it has been read. So it is read into all of them at once, the
/// chains that it filled are given back, and the rest wait for the next frame.
@safe
struct ReceiveWindow: ~Copyable {
  private struct Chain {
    var head: UInt16
    var bufferCount: Int
    var bytes: Int
  }

  // `room` elements each, of which those of [first, first + count) are initialised.
  private let buffers: UnsafeMutablePointer<iovec>
  private let chains: UnsafeMutablePointer<Chain>
  private let room: Int
  private var firstBuffer = 0
  private var bufferCount = 0
  private var firstChain = 0
  private(set) var chainCount = 0
  /// Bytes that the chains can take.
  private(set) var bytes = 0

  /// The last buffer of every read, ours: takes what does not fit.
  private let spill: UnsafeMutableRawPointer

  /// Bytes; more than the largest frame and its header.
  static let spillSize = 66 << 10
  /// The most buffers of one read, the spill left out.
  static let mostBuffers = Int(CLINUX_IOV_MAX) - 1

  init() {
    // Twice as many as can be in use: what is in use moves to the front once in a while only.
    room = 2 * (Self.mostBuffers + 1)
    unsafe buffers = .allocate(capacity: room)
    unsafe chains = .allocate(capacity: room)
    // Touched by large frames only, so it mostly costs addresses and no memory.
    unsafe spill = .allocate(byteCount: Self.spillSize, alignment: 16)
  }

  deinit {
    // All of trivial types.
    unsafe buffers.deallocate()
    unsafe chains.deallocate()
    unsafe spill.deallocate()
  }

  /// Whether a chain of `count` buffers can be taken in.
  func hasRoom(for count: Int) -> Bool { bufferCount &+ count <= Self.mostBuffers }

  /// Takes in a chain's writable buffers. There must be room.
  mutating func append(_ head: UInt16, _ segments: borrowing SegmentList) {
    let count = segments.writableCount
    // One place more than the chains' buffers, for the spill.
    if firstBuffer &+ bufferCount &+ count >= room || firstChain &+ chainCount >= room { compact() }
    // By `hasRoom` and `compact`, both ends lie within the room; the source has `count` elements.
    unsafe segments.withWritable { source, count in
      unsafe (buffers + (firstBuffer &+ bufferCount)).initialize(from: source, count: count)
    }
    let bytes = Int(truncatingIfNeeded: segments.writableBytes)
    unsafe (chains + (firstChain &+ chainCount)).initialize(
      to: Chain(head: head, bufferCount: count, bytes: bytes))
    bufferCount &+= count
    chainCount &+= 1
    self.bytes &+= bytes
  }

  private mutating func compact() {
    // Moves within the room, forwards, which may overlap.
    unsafe buffers.update(from: buffers + firstBuffer, count: bufferCount)
    unsafe chains.update(from: chains + firstChain, count: chainCount)
    firstBuffer = 0
    firstChain = 0
  }

  // MARK: A frame

  /// Reads a frame into the chains, or into the first alone, and what does not fit into the spill.
  ///
  /// - Returns: bytes read, or -errno.
  mutating func read(from port: any FramePort, onlyFirst: Bool) -> Int {
    // There is a first chain: the caller looked.
    let count = onlyFirst ? (unsafe chains[firstChain].bufferCount) : bufferCount
    let end = unsafe buffers + (firstBuffer &+ count)
    // The spill takes the place behind the last buffer for this call; `append` keeps one more place free.
    let saved = unsafe end.pointee
    unsafe end.initialize(to: iovec(iov_base: spill, iov_len: Self.spillSize))
    let result = unsafe port.read(into: buffers + firstBuffer, count: count &+ 1)
    unsafe end.initialize(to: saved)
    return result
  }

  /// Bytes of the first chain.
  var firstBytes: Int {
    // There is a first chain: the caller looked.
    unsafe chains[firstChain].bytes
  }

  /// Copies the first bytes of the buffers out.
  ///
  /// - Returns: how many there were.
  func copyStart(into target: UnsafeMutableRawBufferPointer) -> Int {
    var done = 0
    var index = firstBuffer
    let end = firstBuffer &+ bufferCount
    while done < target.count, index < end {
      // Index is below the number of initialised elements, and the target has `part` bytes left.
      let buffer = unsafe buffers[index]
      let part = min(unsafe buffer.iov_len, target.count &- done)
      if let source = unsafe buffer.iov_base, let base = target.baseAddress {
        unsafe (base + done).copyMemory(from: source, byteCount: part)
      }
      done &+= part
      index &+= 1
    }
    return done
  }

  /// Copies what spilled when the chains had `offset` bytes: `length` bytes, which they have room for now.
  mutating func copySpill(_ length: Int, to offset: Int) {
    unsafe copyIn(UnsafeRawBufferPointer(start: spill, count: min(length, Self.spillSize)), at: offset)
  }

  /// Writes a header's first byte.
  mutating func storeFlags(_ flags: UInt8) {
    unsafe withUnsafeBytes(of: flags) { unsafe copyIn($0, at: 0) }
  }

  /// Writes a header's num_buffers.
  mutating func storeBufferCount(_ count: UInt16) {
    unsafe withUnsafeBytes(of: count.littleEndian) { unsafe copyIn($0, at: 10) }
  }

  @unsafe
  private func copyIn(_ source: UnsafeRawBufferPointer, at offset: Int) {
    var skip = offset
    var done = 0
    var index = firstBuffer
    while done < source.count, index < firstBuffer &+ bufferCount {
      // Index is below the number of initialised elements.
      let buffer = unsafe buffers[index]
      let length = unsafe buffer.iov_len
      index &+= 1
      if skip >= length {
        skip &-= length
        continue
      }
      let part = min(length &- skip, source.count &- done)
      if let target = unsafe buffer.iov_base, let base = source.baseAddress {
        // The buffer has `part` bytes from `skip` on, the source from `done` on.
        unsafe (target + skip).copyMemory(from: base + done, byteCount: part)
      }
      skip = 0
      done &+= part
    }
  }

  /// How many chains `length` bytes fill.
  func chains(for length: Int) -> Int {
    var rest = length
    var count = 0
    while rest > 0, count < chainCount {
      // Below the number of initialised elements.
      rest &-= unsafe chains[firstChain &+ count].bytes
      count &+= 1
    }
    return count
  }

  /// Takes the first chain out, which got at most `length` bytes.
  ///
  /// - Returns: its head, and how many bytes it got.
  mutating func removeFirst(filledWith length: Int) -> (head: UInt16, written: Int) {
    // There is a first chain: the caller looked.
    let chain = unsafe chains[firstChain]
    firstChain &+= 1
    chainCount &-= 1
    firstBuffer &+= chain.bufferCount
    bufferCount &-= chain.bufferCount
    bytes &-= chain.bytes
    return (chain.head, min(length, chain.bytes))
  }
}
