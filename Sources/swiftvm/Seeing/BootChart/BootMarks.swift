internal import Devices
internal import Synchronization

/// What can be heard of a boot on the guest's consoles, in ticks of the time stamp counter; 0: not yet.
final class BootMarks: Sendable {
  private let byte = Atomic<UInt64>(0)
  private let initLine = Atomic<UInt64>(0)

  /// When the first byte came.
  var firstByte: UInt64 { byte.load(ordering: .relaxed) }

  /// When the kernel said that it begins init.
  var initBegin: UInt64 { initLine.load(ordering: .relaxed) }

  fileprivate func noteByte() { Self.note(byte) }

  fileprivate func noteInit() { Self.note(initLine) }

  private static func note(_ mark: borrowing Atomic<UInt64>) {
    guard mark.load(ordering: .relaxed) == 0 else { return }
    _ = mark.compareExchange(expected: 0, desired: TraceWriter.ticks, ordering: .relaxed)
  }
}

/// Listens to what a guest writes to a console, and passes it on.
final class ConsoleListener: ConsoleSink {
  private let sink: any ConsoleSink
  private let marks: BootMarks
  private let last = Mutex(Last())

  /// The last 16 bytes that came.
  private struct Last {
    var upper: UInt64 = 0
    var lower: UInt64 = 0

    /// "Run /init as init process" is what Linux says since 4.20, unless it is told to be quiet; these are its last 16
    /// bytes.
    private static let end = Array(" as init process".utf8)
    private static let wanted = (
      upper: end[..<8].reduce(0) { $0 << 8 | UInt64($1) }, lower: end[8...].reduce(0) { $0 << 8 | UInt64($1) }
    )

    mutating func hear(_ byte: UInt8) -> Bool {
      upper = upper &<< 8 | lower &>> 56
      lower = lower &<< 8 | UInt64(byte)
      return (upper, lower) == Self.wanted
    }
  }

  init(on sink: any ConsoleSink, _ marks: BootMarks) {
    self.sink = sink
    self.marks = marks
  }

  var byteCount: UInt64 { sink.byteCount }

  func accept(_ byte: UInt8) -> Bool {
    guard sink.accept(byte) else { return false }
    hear(CollectionOfOne(byte))
    return true
  }

  func accept(_ bytes: UnsafeRawBufferPointer) -> Int {
    let count = unsafe sink.accept(bytes)
    // As many as the sink took of those that there are.
    unsafe hear(bytes.prefix(count))
    return count
  }

  private func hear(_ bytes: some Sequence<UInt8>) {
    var isInit = false
    var isEmpty = true
    last.withLock { last in
      for byte in bytes {
        isEmpty = false
        if last.hear(byte) { isInit = true }
      }
    }
    if !isEmpty { marks.noteByte() }
    if isInit { marks.noteInit() }
  }
}
