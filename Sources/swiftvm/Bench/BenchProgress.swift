internal import CLinux
internal import Hypervisor

/// Tells on standard error how far a benchmark is, where somebody may be looking.
struct BenchProgress: Sendable {
  private let isTerminal = isatty(STDERR_FILENO) == 1
  private let isVerbose: Bool
  private let repetitions: Int

  init(isVerbose: Bool, repetitions: Int) {
    self.isVerbose = isVerbose
    self.repetitions = repetitions
  }

  func tell(_ event: ExitBench.Event) {
    switch event {
    case .began(let kind, let repetition):
      show("\(kind.rawValue): repetition \(repetition) of \(repetitions)")
    case .measured: break
    case .leftOut(let missing):
      show("\(missing.kind.rawValue): left out: \(missing.reason)")
    }
  }

  /// Leaves a terminal's line as it was.
  func finish() {
    if isTerminal, !isVerbose { put("\r\u{1B}[K") }
  }

  private func show(_ text: String) {
    if isVerbose {
      StandardError.line(text)
    } else if isTerminal {
      // One line that is written over; a terminal is hardly ever narrower.
      put("\r\u{1B}[K" + text.prefix(76))
    }
  }

  private func put(_ text: String) {
    let bytes = Array(text.utf8)
    // The array is as long as told; who cannot be told is not told.
    _ = unsafe write(STDERR_FILENO, bytes, bytes.count)
  }
}
