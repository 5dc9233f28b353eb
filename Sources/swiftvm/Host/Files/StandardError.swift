internal import CLinux
internal import Synchronization

/// Where everything goes that people read: standard output is the guest's.
enum StandardError {
  /// Whether the terminal is raw, and so a line must end with a carriage return of its own.
  static let isRaw = Atomic<Bool>(false)

  private static let stream = MessageStream(STDERR_FILENO)

  /// Writes `text` as a line. Waits for no reader.
  static func line(_ text: String) {
    stream.line(text, isRaw: isRaw.load(ordering: .relaxed))
  }

  /// Says with what the process ends.
  static func report(_ failure: Failure) {
    let hint = failure.hint.map { "\nhint: \($0)" } ?? ""
    stream.line("error: \(failure.message)\(hint)", isLast: true)
  }

  static func warn(_ message: String) {
    line("warning: \(message)")
  }
}
