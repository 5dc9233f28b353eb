internal import CLinux

/// A program in the background that wrote its number to a file.
struct Daemon: Hashable {
  let program: HostProgram
  let pidFile: String

  /// Who it is, in our words: the file of its number may be its own to write, and a number goes to others after it.
  private var note: String { "\(pidFile).start" }

  /// Its number, while it lives.
  var id: Int32? {
    if let noted = SystemFile.text(note).flatMap({ ProcessIdentity(text: $0) }) {
      return noted.isAlive ? noted.id : nil
    }
    // Who started it may have died before that was noted, or was a person.
    let users = Self.users
    return StateFile.names(in: "/proc").lazy.compactMap { Int32($0) }.first { id in
      isNamed(in: id) && isProgram(id) && Self.user(of: id).map(users.contains) == true
    }
  }

  /// Runs `command`, which comes to its end when the program is at work behind it.
  func start(_ command: HostCommand) throws(Failure) {
    StateFile.remove(note)
    try command.check()
    guard let number = SystemFile.text(pidFile).flatMap({ Int32($0.prefix { $0.isNumber }) }),
      isNamed(in: number),
      let identity = ProcessIdentity(number)
    else { return }
    try StateFile.write(identity.text, to: note)
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

  // MARK: Which of all processes it is

  /// Whether the process has our file among its arguments, which anybody may claim.
  private func isNamed(in id: Int32) -> Bool {
    id > 1
      && SystemFile.text("/proc/\(id)/cmdline")?.split(separator: "\0").contains("--pid-file=\(pidFile)")
        == true
  }

  /// Whether the process runs the program.
  private func isProgram(_ id: Int32) -> Bool {
    guard let path = try? program.find() else { return false }
    var (ours, theirs) = (stat(), stat())
    // The calls keep nothing of the paths, and write the structures alone.
    guard unsafe stat(path, &ours) == 0, unsafe stat("/proc/\(id)/exe", &theirs) == 0 else { return false }
    return (ours.st_dev, ours.st_ino) == (theirs.st_dev, theirs.st_ino)
  }

  /// The real user of the process.
  private static func user(of id: Int32) -> UInt32? {
    let lines = SystemFile.text("/proc/\(id)/status")?.split(separator: "\n") ?? []
    let words = lines.first { $0.hasPrefix("Uid:") }?.split { $0 == "\t" || $0 == " " } ?? []
    return words.count > 1 ? UInt32(words[1]) : nil
  }

  /// This user, and those that dnsmasq becomes where root starts it.
  private static var users: [UInt32] {
    guard geteuid() == 0 else { return [geteuid()] }
    return [0] + ["dnsmasq", "nobody"].compactMap(userID)
  }

  /// Nil where this host has no such user.
  static func userID(named name: String) -> UInt32? {
    let lines = SystemFile.text("/etc/passwd")?.split(separator: "\n") ?? []
    let fields =
      lines.first { $0.hasPrefix("\(name):") }?.split(separator: ":", omittingEmptySubsequences: false) ?? []
    return fields.count > 2 ? UInt32(fields[2]) : nil
  }
}
