public import Devices
internal import Synchronization

/// A serial line's other end that keeps what arrives, as far as it has room.
public final class RecordingSink: SerialSink {
  private struct Contents {
    var bytes: [UInt8] = []
    var room: Int
  }

  private let contents: Mutex<Contents>

  public init(room: Int = Int.max) {
    contents = Mutex(Contents(room: room))
  }

  public func accept(_ byte: UInt8) -> Bool {
    contents.withLock { contents in
      guard contents.room > 0 else { return false }
      contents.room -= 1
      contents.bytes.append(byte)
      return true
    }
  }

  /// All that arrived.
  public var bytes: [UInt8] { contents.withLock { $0.bytes } }

  /// Bytes that will be taken from now on.
  public func setRoom(_ room: Int) {
    contents.withLock { $0.room = room }
  }
}
