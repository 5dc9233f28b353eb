internal import CLinux
internal import Synchronization
public import SystemPackage

/// A program at the other end of a stream socket that gives and takes Ethernet frames, each behind its length in four
/// bytes, the high byte first: what passt(1) speaks, and QEMU's `-netdev stream`.
///
/// Outlives a guest's reboot: a frame that was begun is ended before another one, whoever began it.
///
/// Unchecked: what is neither constant nor locked belongs to the event loop of the device's one pair of queues, and
/// the next device begins its work when the last one has let go.
@safe
public final class FrameStream: FramePort, @unchecked Sendable {
  /// Why nothing comes or goes any more.
  public enum Ending: Hashable, Sendable {
    /// One of the two sides closed the connection.
    case closed
    /// The peer announced a frame of a length that none has.
    case badLength(UInt32)
    case failed(Errno)
  }

  /// What people know the peer as.
  public let name: String
  /// Signalled once, when the connection ended. Nobody takes the signal.
  public let ended: EventDescriptor
  private let endingBox = Mutex<Ending?>(nil)

  private let socket: OwnedDescriptor
  private let secondNumber: OwnedDescriptor

  // What was received lies in [inputStart, inputEnd), what is to be sent in [outputStart, outputEnd); each of the two has
  // `size` bytes.
  private let input: UnsafeMutableRawPointer
  private var inputStart = FrameStream.lead
  private var inputEnd = FrameStream.lead
  private let output: UnsafeMutableRawPointer
  private var outputStart = 0
  private var outputEnd = 0

  /// Bytes of a frame: an Ethernet header, and with a VLAN tag the longest packet.
  static let lengths = 14...18 + 65_535
  /// Bytes before a frame that tell its length.
  static let prefixSize = 4
  /// The header that the driver gets is put before the frame in place, over the length and this many bytes before it.
  private static let lead = NetHeader.size - prefixSize
  /// Bytes of a buffer: several of the longest frames. What is not used costs addresses and no memory.
  private static let size = 256 << 10

  /// Takes over a connected stream socket.
  public init(_ socket: consuming OwnedDescriptor, name: String) throws(Errno) {
    secondNumber = try OwnedDescriptor(result: clinux_duplicate(socket.number))
    ended = try EventDescriptor()
    self.socket = socket
    self.name = name
    unsafe input = .allocate(byteCount: Self.size, alignment: 16)
    unsafe output = .allocate(byteCount: Self.size, alignment: 16)
  }

  deinit {
    unsafe input.deallocate()
    unsafe output.deallocate()
  }

  public var ending: Ending? { endingBox.withLock { $0 } }

  /// Ends the connection, which the peer sees. The first reason stays.
  @inline(never)
  public func end(_ reason: Ending) {
    let isFirst = endingBox.withLock { ending in
      defer { ending = ending ?? reason }
      return ending == nil
    }
    guard isFirst else { return }
    shutdown(socket.number, Int32(SHUT_RDWR))
    ended.signal()
  }

  // MARK: FramePort

  var readable: Int32 { socket.number }
  var writable: Int32? { secondNumber.number }

  func read(into buffers: UnsafeMutablePointer<iovec>, count: Int) -> Int {
    while true {
      let waiting = inputEnd &- inputStart
      if waiting >= Self.prefixSize {
        // Four bytes that were received.
        let prefix = unsafe input.loadUnaligned(fromByteOffset: inputStart, as: UInt32.self)
        let length = Int(UInt32(bigEndian: prefix))
        guard Self.lengths.contains(length) else {
          end(.badLength(UInt32(bigEndian: prefix)))
          return Int(-EPROTO)
        }
        if waiting >= Self.prefixSize &+ length {
          let start = inputStart &- Self.lead
          inputStart = inputStart &+ Self.prefixSize &+ length
          // The 12 bytes before the frame were read before, or are the buffer's lead.
          unsafe (input + start).initializeMemory(as: UInt8.self, repeating: 0, count: NetHeader.size)
          unsafe Self.scatter(input + start, NetHeader.size &+ length, into: buffers, count)
          return NetHeader.size &+ length
        }
      }
      let received = receive()
      if received <= 0 { return received }
    }
  }

  func checkPeer() {
    // What it sent before can be read all the same.
    if clinux_is_hung_up(socket.number) != 0 { end(.closed) }
  }

  var hasRoom: Bool { outputEnd &+ Self.prefixSize &+ Self.lengths.upperBound <= Self.size }

  func write(_ buffers: UnsafeMutablePointer<iovec>, count: Int) {
    var length = 0
    // The caller's list has `count` elements, of which the first is the header.
    for index in 1..<max(count, 1) { length = unsafe length &+ buffers[index].iov_len }
    guard Self.lengths.contains(length), hasRoom else { return }
    unsafe output.storeBytes(
      of: UInt32(truncatingIfNeeded: length).bigEndian, toByteOffset: outputEnd, as: UInt32.self)
    var end = outputEnd &+ Self.prefixSize
    for index in 1..<count {
      let buffer = unsafe buffers[index]
      // `hasRoom`: all of `length` bytes fit.
      if let source = unsafe buffer.iov_base {
        unsafe (output + end).copyMemory(from: source, byteCount: buffer.iov_len)
        end = unsafe end &+ buffer.iov_len
      }
    }
    outputEnd = end
  }

  func flush() -> Bool {
    while outputStart < outputEnd {
      // Within what was taken.
      let sent = unsafe clinux_send(socket.number, output + outputStart, outputEnd &- outputStart)
      if sent == -EAGAIN { return false }
      if sent < 0 {
        end(sent == -EPIPE ? .closed : .failed(Errno(rawValue: Int32(truncatingIfNeeded: -sent))))
        break
      }
      outputStart = outputStart &+ sent
    }
    outputStart = 0
    outputEnd = 0
    return true
  }

  /// There is one queue, and it stays in use.
  func setAttached(_ isAttached: Bool) {}

  // MARK: Bytes

  /// Receives as much as there is.
  ///
  /// - Returns: bytes, or -errno.
  private func receive() -> Int {
    let waiting = inputEnd &- inputStart
    if waiting == 0 {
      inputStart = Self.lead
      inputEnd = Self.lead
    } else if inputEnd &+ Self.lengths.upperBound > Self.size {
      // Less than a frame, as the caller looked: it fits behind the lead.
      unsafe (input + Self.lead).copyMemory(from: input + inputStart, byteCount: waiting)
      inputStart = Self.lead
      inputEnd = Self.lead &+ waiting
    }
    // What is left of the buffer; at least as much as a frame's rest needs.
    let received = unsafe clinux_receive(socket.number, input + inputEnd, Self.size &- inputEnd)
    if received > 0 {
      inputEnd = inputEnd &+ received
    } else if received == 0 {
      end(.closed)
      return Int(-ENOTCONN)
    } else if received != -EAGAIN {
      end(.failed(Errno(rawValue: Int32(truncatingIfNeeded: -received))))
    }
    return received
  }

  /// Copies `length` bytes into the buffers, as far as they go.
  private static func scatter(
    _ source: UnsafeRawPointer, _ length: Int, into buffers: UnsafeMutablePointer<iovec>, _ count: Int
  ) {
    var done = 0
    for index in 0..<count where done < length {
      // The caller's list has `count` elements; each has `part` bytes, as has the source from `done` on.
      let buffer = unsafe buffers[index]
      let part = unsafe min(buffer.iov_len, length &- done)
      if let target = unsafe buffer.iov_base {
        unsafe target.copyMemory(from: source + done, byteCount: part)
      }
      done = done &+ part
    }
  }
}
