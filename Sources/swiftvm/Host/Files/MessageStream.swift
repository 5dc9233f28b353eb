internal import CLinux
internal import Devices
internal import Synchronization
internal import SystemPackage

/// Messages for a stream that perhaps nobody reads: a pipe that is full, a terminal that was stopped. Whoever writes one
/// is held up for a moment at most. Then messages are dropped, and once the stream takes some again it is told how many.
///
/// Others write through the same open file description, so it stays as it is. A pipe or a terminal is opened once
/// more for a description that does not block; a socket is told with each message. What can be neither is asked
/// before, and given no more than a pipe takes whole.
final class MessageStream: Sendable {
  private struct State {
    var dropped = 0
    /// Only the beginning of the last message was taken.
    var isCut = false
  }

  /// Bytes that a pipe with room for any takes whole (PIPE_BUF).
  private static let piece = 4096

  /// How a write is kept from waiting.
  private enum Way {
    case ownDescription
    case flagOfEachMessage
    case asking
  }

  private let number: Int32
  private let way: Way
  // Held for `number`.
  private let own: OwnedDescriptor?
  private let state = Mutex(State())

  /// - Parameter number: a descriptor that stays open.
  init(_ number: Int32) {
    var status = stat()
    // The call fills the local structure.
    let kind =
      unsafe fstat(number, &status) == 0 ? Int32(truncatingIfNeeded: status.st_mode) & S_IFMT : 0
    if [S_IFIFO, S_IFCHR].contains(kind),
      let own = try? OwnedDescriptor.open("/proc/self/fd/\(number)", O_WRONLY | O_NONBLOCK | O_NOCTTY)
    {
      self.number = own.number
      self.own = consume own
      way = .ownDescription
    } else {
      self.number = number
      own = nil
      way = kind == S_IFSOCK ? .flagOfEachMessage : .asking
    }
  }

  /// Writes `text` as a line or more, which end in carriage returns too where the terminal is raw.
  ///
  /// - Parameter isLast: a second is waited for room: nothing is held up any more.
  func line(_ text: String, isRaw: Bool = false, isLast: Bool = false) {
    state.withLock { state in
      let patience: Int32 = isLast ? 1000 : state.dropped > 0 ? 0 : 100
      var lines = text + "\n"
      if state.dropped > 0 {
        lines =
          (state.isCut ? "\n" : "")
          + "warning: messages dropped here, which nobody read: \(state.dropped)\n" + lines
      }
      let bytes = lines.utf8.flatMap { $0 == 0x0A && isRaw ? [0x0D, 0x0A] : [$0] }
      let sent = send(bytes, patience)
      guard sent < bytes.count else {
        state = State()
        return
      }
      state.dropped += 1
      if sent > 0 { state.isCut = true }
    }
  }

  /// Returns how many were taken within `patience` milliseconds. Who cannot be told any more counts as told.
  private func send(_ bytes: [UInt8], _ patience: Int32) -> Int {
    var rest = bytes[...]
    let clock = HostClock()
    let end = clock.monotonicNanoseconds &+ UInt64(patience) &* 1_000_000
    while !rest.isEmpty {
      let count = sendOnce(rest.prefix(Self.piece))
      if count > 0 {
        rest = rest.dropFirst(count)
        continue
      }
      switch Errno(rawValue: Int32(-count)) {
      case .interrupted: continue
      case .wouldBlock:
        let left = Int32(clamping: (Int64(end) - Int64(clock.monotonicNanoseconds)) / 1_000_000)
        guard left > 0, hasRoom(within: left) else { return bytes.count - rest.count }
      default: return bytes.count
      }
    }
    return bytes.count
  }

  /// Returns how many were taken, or -errno; -EAGAIN where it would wait.
  private func sendOnce(_ bytes: ArraySlice<UInt8>) -> Int {
    if way == .asking, !hasRoom(within: 0) { return Int(-EAGAIN) }
    // The slice is as long as told.
    let count = unsafe bytes.withUnsafeBytes { bytes in
      way == .flagOfEachMessage
        ? unsafe CLinux.send(
          number, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL))
        : unsafe write(number, bytes.baseAddress, bytes.count)
    }
    return count < 0 ? Int(-clinux_errno()) : count
  }

  private func hasRoom(within milliseconds: Int32) -> Bool {
    var event = pollfd(fd: number, events: Int16(POLLOUT), revents: 0)
    // One entry, as told.
    return unsafe poll(&event, 1, milliseconds) != 0
  }
}
