import Devices
import Synchronization

/// A device that keeps what was done to it and answers reads with numbers it was given.
final class RecordingDevice: BusDevice {
  enum Access: Hashable {
    case read(at: UInt64, width: Int)
    case write(UInt64, at: UInt64, width: Int)
  }

  private let recorded = Mutex<[Access]>([])
  private let answers: [UInt64]
  private let changed: SharedEvent

  /// - Parameter answers: what the reads give, one after the other; after the last, all ones.
  init(answers: [UInt64] = []) throws {
    self.answers = answers
    changed = try SharedEvent()
  }

  var accesses: [Access] { recorded.withLock { $0 } }

  /// The values written.
  var written: [UInt64] {
    accesses.compactMap { if case .write(let value, _, _) = $0 { value } else { nil } }
  }

  /// What was written, as text.
  var text: String { String(decoding: written.map { UInt8(truncatingIfNeeded: $0) }, as: UTF8.self) }

  /// Waits until the guest has written `text`.
  func wait(for text: String) throws {
    while self.text != text { try changed.event.wait() }
  }

  func read(at offset: UInt64, width: Int) -> UInt64 {
    recorded.withLock { recorded in
      let reads = recorded.count { if case .read = $0 { true } else { false } }
      recorded.append(.read(at: offset, width: width))
      return reads < answers.count ? answers[reads] : UInt64.max
    }
  }

  func write(_ value: UInt64, at offset: UInt64, width: Int) {
    let mask = width >= 8 ? UInt64.max : 1 << (8 * UInt64(width)) - 1
    recorded.withLock { $0.append(.write(value & mask, at: offset, width: width)) }
    changed.event.signal()
  }
}
