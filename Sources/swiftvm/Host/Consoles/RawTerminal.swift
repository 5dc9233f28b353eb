internal import CHost
internal import CLinux
internal import Synchronization

/// A terminal that the guest may have for itself, and that its owner gets back on every way out.
struct RawTerminal {
  /// Nil where `descriptor` is no terminal.
  init?(_ descriptor: Int32) {
    // From here on a trap in this process restores the settings too.
    guard isatty(descriptor) == 1, chost_terminal_guard(descriptor) == 0 else { return nil }
  }

  /// Passes every byte on as it is typed, Ctrl-C included.
  func enter() {
    guard chost_terminal_raw() == 0 else { return }
    // Errors that go to a file are plain lines all the same.
    StandardError.isRaw.store(isatty(STDERR_FILENO) == 1, ordering: .relaxed)
  }

  func leave() {
    chost_terminal_restore()
    StandardError.isRaw.store(false, ordering: .relaxed)
  }
}
