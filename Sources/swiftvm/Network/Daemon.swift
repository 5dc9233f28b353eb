internal import CLinux

/// A program in the background that wrote its number to a file.
struct Daemon {
  let pidFile: String

  /// Its number, while it lives. The number may have gone to another process since: that one does not name the
  /// file in its arguments.
  var id: Int32? {
    guard let text = SystemFile.text(pidFile), let id = Int32(text.prefix { $0.isNumber }), id > 1,
      let arguments = SystemFile.text("/proc/\(id)/cmdline"),
      arguments.split(separator: "\0").contains("--pid-file=\(pidFile)")
    else { return nil }
    return id
  }

  /// Ends it, and waits until it has ended; one that does not listen is killed.
  func stop() {
    guard let id else { return }
    kill(id, SIGTERM)
    for attempt in 0..<500 where self.id == id {
      if attempt == 400 { kill(id, SIGKILL) }
      usleep(10_000)
    }
  }

  /// Has it read its files anew.
  func reload() {
    if let id { kill(id, SIGHUP) }
  }
}
