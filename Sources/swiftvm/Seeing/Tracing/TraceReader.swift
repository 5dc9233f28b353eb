internal import CLinux
internal import Devices
internal import FoundationEssentials
internal import SystemPackage

/// An event of a trace file, as far as it is shown.
struct TraceEvent: Decodable, Equatable {
  struct Arguments: Decodable, Equatable {
    var name, reason, device, register, address, value, rip, status, by: String?
    var width, count, queue, gsi, sector, bytes: UInt64?
  }

  var name: String
  var cat: String?
  var ph: String
  var tid: UInt64?
  /// Microseconds.
  var ts, dur: Double?
  var id: String?
  var args: Arguments?
}

/// Reads a trace that `--trace` wrote, event by event, however long it is.
struct TraceReader: ~Copyable {
  private let path: String
  private let file: OwnedDescriptor
  /// What was read and is not used up, from `position` on.
  private var buffer: [UInt8] = []
  private var position = 0
  private var isAtEnd = false
  private var lineNumber = 0
  /// Whether the last line had an end.
  private var isLineWhole = true
  private let decoder = JSONDecoder()
  /// Whether the end of the file is missing, known once `next` has returned nil.
  private(set) var isCutOff = true

  /// Bytes of the longest line; those of a trace are much shorter.
  private static let longestLine = 1 << 16

  init(_ path: String) throws(Failure) {
    let file = try InputFile.open(path, what: "trace")
    self.file = file
    self.path = path
  }

  /// The next event; nil: there are no more.
  mutating func next() throws(Failure) -> TraceEvent? {
    if lineNumber == 0 {
      guard let first = try line(), first.elementsEqual("[".utf8) else {
        throw Failure(
          .usage, "trace \(path): is no trace of swiftvm", hint: "`swiftvm run --trace FILE` writes one")
      }
    }
    guard var line = try line() else { return nil }
    if line.elementsEqual("]".utf8) {
      isCutOff = false
      return nil
    }
    if line.last == UInt8(ascii: ",") { line.removeLast() }
    do {
      return try decoder.decode(TraceEvent.self, from: Data(line))
    } catch {
      // Whoever was killed while he wrote left half an event as the last.
      if !isLineWhole { return nil }
      throw Failure(
        .usage, "trace \(path): line \(lineNumber) is no event",
        hint: "only what `swiftvm run --trace FILE` wrote can be shown")
    }
  }

  /// The next line without its end; nil: there are no more.
  private mutating func line() throws(Failure) -> ArraySlice<UInt8>? {
    while true {
      if let end = buffer[position...].firstIndex(of: UInt8(ascii: "\n")) {
        defer { position = end + 1 }
        lineNumber += 1
        return buffer[position..<end]
      }
      if isAtEnd {
        guard position < buffer.count else { return nil }
        defer { position = buffer.count }
        isLineWhole = false
        lineNumber += 1
        return buffer[position...]
      }
      guard buffer.count - position <= Self.longestLine else {
        throw Failure(
          .usage, "trace \(path): line \(lineNumber + 1) is longer than any of a trace",
          hint: "only what `swiftvm run --trace FILE` wrote can be shown")
      }
      try fill()
    }
  }

  /// Reads on, and lets go of what is used up.
  private mutating func fill() throws(Failure) {
    buffer.removeFirst(position)
    position = 0
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    // read writes at most `count` bytes.
    let count = unsafe read(file.number, &chunk, chunk.count)
    guard count >= 0 else { throw Failure(.usage, "trace \(path): \(Errno(rawValue: clinux_errno()))") }
    if count == 0 { isAtEnd = true }
    buffer += chunk[..<count]
  }
}
