internal import CLinux

/// A program in the background that wrote its number to a file.
struct Daemon {
  let pidFile: String

  /// Its number, while it lives.
  var id: Int32? {
    let noted = SystemFile.text(pidFile).flatMap { Int32($0.prefix { $0.isNumber }) }
    if let noted, isProcess(noted) { return noted }
    // Who started it may have died before it wrote the file, or somebody took the file away.
    return StateFile.names(in: "/proc").lazy.compactMap { Int32($0) }.first(where: isProcess)
  }

  /// A number may have gone to another process since: that one does not name the file in its arguments.
  private func isProcess(_ id: Int32) -> Bool {
    id > 1
      && SystemFile.text("/proc/\(id)/cmdline")?.split(separator: "\0").contains("--pid-file=\(pidFile)")
        == true
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
