internal import CHost
internal import CLinux
internal import Glibc
internal import SystemPackage

/// A test's end of a Unix socket or of a terminal that somebody else made.
///
/// Every wait ends at its event, or throws when a minute went by.
public final class Connection {
  private var speaker: SpeakingEnd
  private let end: Int32

  /// Connects to the Unix socket at `path`.
  public convenience init(socket path: String) throws {
    // The call keeps nothing of the path.
    try self.init(unsafe chost_connect_unix(path))
  }

  /// Opens the terminal at `path`, as a terminal program does.
  public convenience init(terminal path: String) throws {
    // The call keeps nothing of the path.
    try self.init(unsafe clinux_open(path, O_RDWR | O_NOCTTY | O_CLOEXEC, 0))
  }

  private init(_ result: Int32) throws {
    guard result >= 0 else { throw Errno(rawValue: -result) }
    end = result
    speaker = SpeakingEnd(input: result, output: result)
  }

  deinit {
    close(end)
  }

  /// What came so far.
  public var received: [UInt8] { speaker.output }

  /// Queues `bytes`; every wait sends on.
  public func send(_ bytes: some Sequence<UInt8>) {
    speaker.unsent += bytes
    speaker.exchange(milliseconds: 0)
  }

  /// Waits until `count` bytes have come.
  public func wait(count: Int) throws {
    try wait("\(count) bytes") { $0.output.count >= count }
  }

  /// Waits until `text` has come.
  public func wait(for text: String) throws {
    let wanted = Array(text.utf8)
    try wait("\"\(text)\"") { $0.output.contains(wanted) }
  }

  /// Waits until all that was queued is sent.
  public func waitUntilSent() throws {
    try wait("to be read") { $0.unsent.isEmpty }
  }

  /// Waits until the other side closed.
  public func waitForEnd() throws {
    try wait("an end") { $0.outputHasEnded }
  }

  /// Sends until a guest that echoes answers, for it may not listen yet, and forgets all that came.
  public func waitForEcho() throws {
    let limit = ContinuousClock.now + .seconds(Patience.seconds)
    while speaker.output.isEmpty {
      guard ContinuousClock.now < limit else {
        throw RunningProgram.Missing(description: "nobody echoes")
      }
      send([UInt8(ascii: "?")])
      speaker.exchange(milliseconds: 100)
    }
    send([UInt8(ascii: "!")])
    try wait("the end of the echo") { $0.output.last == UInt8(ascii: "!") }
    speaker.forgetOutput()
  }

  private func wait(_ what: String, _ isReached: (SpeakingEnd) -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(Patience.seconds)
    while !isReached(speaker) {
      guard ContinuousClock.now < limit else {
        throw RunningProgram.Missing(
          description: "took too long: \(what), \(speaker.output.count) bytes came")
      }
      speaker.exchange(milliseconds: 20)
    }
  }
}
