internal import CLinux
internal import Glibc
internal import SystemPackage

/// A program that runs beside the test: it is typed to, signalled, and waited for by what it says.
///
/// Every wait ends at its event, or throws when the program ended without it or hangs.
public final class RunningProgram {
  public struct Missing: Error, CustomStringConvertible {
    public let description: String
  }

  public let id: Int32
  private var speaker: SpeakingEnd
  /// What `speaker` speaks through and nobody else closes.
  private let ends: [Int32]
  private let input: Int32
  private var status: Int32?

  /// Runs `path` with streams of its own, or on `terminal` as a person would: that is its standard
  /// input and output then, and standard error stays a stream.
  public init(_ path: String, _ arguments: [String], terminal: PseudoTerminal? = nil) throws {
    let error = try StreamPair()
    defer { error.closeTheirs() }
    if let terminal {
      let side = terminal.programSide
      id = try spawn(path, arguments, input: side, output: side, error: error.theirs)
      input = terminal.personSide
      speaker = SpeakingEnd(input: input, output: input, error: error.ours)
      ends = [error.ours]
    } else {
      let (typed, said) = (try StreamPair(), try StreamPair())
      defer {
        typed.closeTheirs()
        said.closeTheirs()
      }
      id = try spawn(path, arguments, input: typed.theirs, output: said.theirs, error: error.theirs)
      input = typed.ours
      speaker = SpeakingEnd(input: input, output: said.ours, error: error.ours)
      ends = [typed.ours, said.ours, error.ours]
    }
  }

  deinit {
    if status == nil {
      kill(id, SIGKILL)
      // It is our child, and its status is of no interest.
      waitpid(id, nil, 0)
    }
    for end in ends { close(end) }
  }

  /// What it wrote to standard output so far.
  public var output: [UInt8] { speaker.output }
  public var outputText: String { String(decoding: speaker.output, as: UTF8.self) }
  /// What it wrote to standard error so far.
  public var error: String { String(decoding: speaker.error, as: UTF8.self) }

  /// Queues `bytes` for its standard input; every wait sends on.
  public func send(_ bytes: some Sequence<UInt8>) {
    speaker.unsent += bytes
    speaker.exchange(milliseconds: 0)
  }

  public func send(_ text: String) {
    send(Array(text.utf8))
  }

  /// Ends its standard input, once all that was queued is sent.
  public func endInput() throws {
    try wait("to read all input") { $0.unsent.isEmpty }
    shutdown(input, Int32(SHUT_WR))
  }

  public func signal(_ number: Int32) {
    kill(id, number)
  }

  /// Waits until standard output holds `text`.
  public func waitForOutput(_ text: String) throws {
    let wanted = Array(text.utf8)
    try wait("to write \"\(text)\"") { $0.output.contains(wanted) }
  }

  /// Waits until standard output holds `count` bytes.
  public func waitForOutput(count: Int) throws {
    try wait("to write \(count) bytes") { $0.output.count >= count }
  }

  /// Waits until standard error holds `text`.
  public func waitForError(_ text: String) throws {
    let wanted = Array(text.utf8)
    try wait("to say \"\(text)\"") { $0.error.contains(wanted) }
  }

  /// Waits until `count` lines of standard error hold `text`.
  public func waitForError(count: Int, _ text: String) throws {
    let wanted = Array(text.utf8)
    try wait("to say \"\(text)\" \(count) times") { speaker in
      speaker.error.split(separator: 0x0A).count { $0.contains(wanted) } >= count
    }
  }

  /// Waits for its end.
  /// - Returns: its exit status, or 128 plus the number of the signal that killed it.
  public func waitForEnd() throws -> Int32 {
    try wait("to end", orEnd: true) { _ in false }
    guard let status else { throw Missing(description: "no status") }
    return status
  }

  private func wait(_ what: String, orEnd: Bool = false, _ isReached: (SpeakingEnd) -> Bool) throws {
    let limit = ContinuousClock.now + .seconds(Patience.seconds)
    while !isReached(speaker) {
      if hasEnded {
        // What it said last may still be on its way.
        speaker.exchange(milliseconds: 0)
        if orEnd || isReached(speaker) { return }
        throw Missing(description: "ended with \(status ?? -1) instead \(what)\n\(said)")
      }
      guard ContinuousClock.now < limit else {
        throw Missing(description: "took too long \(what)\n\(said)")
      }
      speaker.exchange(milliseconds: 20)
    }
  }

  private var said: String { "output: \(outputText.suffix(2000))\nerror: \(error.suffix(4000))" }

  private var hasEnded: Bool {
    if status != nil { return true }
    var result: Int32 = 0
    // The call fills the local variable.
    guard unsafe waitpid(id, &result, WNOHANG) == id else { return false }
    let signal = result & 0x7F
    status = signal == 0 ? (result >> 8) & 0xFF : 128 + signal
    return true
  }
}
