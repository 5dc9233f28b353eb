internal import CLinux
internal import Synchronization

/// Where everything goes that people read: standard output is the guest's.
enum StandardError {
  /// Whether the terminal is raw, and so a line must end with a carriage return of its own.
  static let isRaw = Atomic<Bool>(false)

  /// Writes `text` as a line.
  static func line(_ text: String) {
    let raw = isRaw.load(ordering: .relaxed)
    let lines = (text + "\n").utf8.flatMap { $0 == 0x0A && raw ? [0x0D, 0x0A] : [$0] }
    // One write, so that lines of several threads do not mix; who cannot be told is not told.
    // The array is as long as told.
    _ = unsafe write(STDERR_FILENO, lines, lines.count)
  }

  static func report(_ failure: Failure) {
    line("error: \(failure.message)")
    if let hint = failure.hint { line("hint: \(hint)") }
  }

  static func warn(_ message: String) {
    line("warning: \(message)")
  }
}
