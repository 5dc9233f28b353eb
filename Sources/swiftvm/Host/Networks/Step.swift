/// One of the things that are done to a host for a network, in a form that can be shown, pasted and done.
enum Step: Hashable {
  case makeFolder(String)
  case write(path: String, text: String)
  case remove(path: String)
  /// Writes to a file of /proc/sys.
  case set(path: String, value: String)
  case run(HostCommand)
  /// Starts a daemon with a command that ends when it is at work.
  case start(Daemon, HostCommand)
  /// Ends it, and waits for its end.
  case stop(Daemon)

  var shellText: String {
    switch self {
    case .makeFolder(let path): "install -d -m 755 \(path.shellQuoted)"
    case .write(let path, ""): "install -m 644 /dev/null \(path.shellQuoted)"
    case .write(let path, let text):
      "install -m 644 /dev/stdin \(path.shellQuoted) <<'END'\n\(text)\(text.hasSuffix("\n") ? "" : "\n")END"
    case .remove(let path): "rm -rf \(path.shellQuoted)"
    case .set(let path, let value): "echo \(value.shellQuoted) > \(path.shellQuoted)"
    case .run(let command), .start(_, let command): command.shellText
    case .stop(let daemon):
      "pid=$(cat \(daemon.pidFile.shellQuoted)); kill $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done"
    }
  }

  func perform() throws(Failure) {
    switch self {
    case .makeFolder(let path): _ = try OwnFolder(making: path)
    case .write(let path, let text): try StateFile.write(text, to: path)
    case .remove(let path): StateFile.remove(path)
    case .set(let path, let value): try StateFile.set(path, value)
    case .run(let command): try command.check()
    case .start(let daemon, let command): try daemon.start(command)
    case .stop(let daemon): daemon.stop()
    }
  }
}
