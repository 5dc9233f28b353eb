internal import CLinux
internal import Glibc

/// The test's end of one or more streams: collects what comes and sends what waits, without
/// ever blocking on one of them while another one has something.
struct SpeakingEnd {
  private(set) var output: [UInt8] = []
  private(set) var error: [UInt8] = []
  var unsent: ArraySlice<UInt8> = []

  // The maker's to close, after the last use; input and output may be the same.
  private let inputEnd: Int32
  private var outputEnd: Int32?
  private var errorEnd: Int32?

  init(input: Int32, output: Int32, error: Int32? = nil) {
    inputEnd = input
    outputEnd = output
    errorEnd = error
    for end in [input, output, error].compactMap({ $0 }) {
      _ = fcntl(end, F_SETFL, fcntl(end, F_GETFL) | O_NONBLOCK)
    }
  }

  /// Whether the other side of the output is gone.
  var outputHasEnded: Bool { outputEnd == nil }

  mutating func forgetOutput() {
    output = []
  }

  /// Waits for one of the streams, at most so long, and moves what can be moved.
  mutating func exchange(milliseconds: Int32) {
    var events = [
      pollfd(fd: outputEnd ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: errorEnd ?? -1, events: Int16(POLLIN), revents: 0),
      pollfd(fd: unsent.isEmpty ? -1 : inputEnd, events: Int16(POLLOUT), revents: 0),
    ]
    // As many entries as told.
    guard unsafe poll(&events, nfds_t(events.count), milliseconds) > 0 else { return }
    if events[2].revents != 0 { sendSome() }
    if let end = outputEnd, events[0].revents != 0, !Self.readAll(end, into: &output) {
      outputEnd = nil
    }
    if let end = errorEnd, events[1].revents != 0, !Self.readAll(end, into: &error) {
      errorEnd = nil
    }
  }

  private mutating func sendSome() {
    let bytes = Array(unsent)
    // The array is as long as told. A reader that went away must not end this process.
    var count = unsafe send(inputEnd, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    // A terminal is no socket. The array is as long as told.
    if count < 0, clinux_errno() == ENOTSOCK { count = unsafe write(inputEnd, bytes, bytes.count) }
    if count > 0 {
      unsent = unsent.dropFirst(count)
    } else if clinux_errno() != EAGAIN {
      unsent = []
    }
  }

  /// False at the end of the stream.
  private static func readAll(_ end: Int32, into bytes: inout [UInt8]) -> Bool {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // The buffer is as long as told.
      let count = unsafe read(end, &buffer, buffer.count)
      guard count > 0 else { return count < 0 && clinux_errno() == EAGAIN }
      bytes += buffer[..<count]
    }
  }
}
