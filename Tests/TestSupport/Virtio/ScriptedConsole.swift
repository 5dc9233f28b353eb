public import Devices
internal import Synchronization

/// A console's far end that keeps what arrives, as far as it has room.
public final class ScriptedConsole: ConsoleSink {
  private struct Contents {
    var bytes: [UInt8] = []
    var room: Int
  }

  private let contents: Mutex<Contents>
  /// Signalled when bytes were offered.
  public let offered: SharedEvent

  public init(room: Int = Int.max) throws {
    contents = Mutex(Contents(room: room))
    offered = try SharedEvent()
  }

  public var bytes: [UInt8] { contents.withLock { $0.bytes } }

  public var byteCount: UInt64 { UInt64(bytes.count) }

  /// Bytes that will be taken from now on.
  public func setRoom(_ room: Int) {
    contents.withLock { $0.room = room }
  }

  public func accept(_ byte: UInt8) -> Bool {
    // The span of an array outlives the call.
    unsafe [byte].withUnsafeBytes { unsafe accept($0) } == 1
  }

  public func accept(_ bytes: UnsafeRawBufferPointer) -> Int {
    let count = contents.withLock { contents in
      let count = min(bytes.count, contents.room)
      // count is at most the buffer's.
      unsafe contents.bytes.append(contentsOf: bytes[..<count])
      contents.room -= count
      return count
    }
    offered.event.signal()
    return count
  }
}
