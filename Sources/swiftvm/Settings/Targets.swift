/// Where a machine's counters go.
enum MetricsTarget: Hashable, Sendable {
  /// A line of JSON each second.
  case file(path: String)
  /// OpenMetrics to whoever connects.
  case socket(path: String)

  /// Reads a path, or `unix=PATH` for a socket.
  init?(_ text: String) {
    let path = text.hasPrefix("unix=") ? String(text.dropFirst(5)) : nil
    guard !(path ?? text).isEmpty else { return nil }
    self = path.map { .socket(path: $0) } ?? .file(path: text)
  }
}

extension MetricsTarget: CustomStringConvertible {
  var description: String {
    switch self {
    case .file(let path): path
    case .socket(let path): "unix=\(path)"
    }
  }
}

/// Where a console leads.
enum ConsoleTarget: Hashable, Sendable {
  case stdio
  case pty
  case file(path: String)
  case socket(path: String)
  case null

  /// Reads `stdio`, `pty`, `file=PATH`, `socket=PATH` or `null`.
  init?(_ text: String) {
    switch text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init) {
    case ["stdio"]: self = .stdio
    case ["pty"]: self = .pty
    case ["null"]: self = .null
    case let parts where parts.count == 2 && parts[0] == "file" && !parts[1].isEmpty:
      self = .file(path: parts[1])
    case let parts where parts.count == 2 && parts[0] == "socket" && !parts[1].isEmpty:
      self = .socket(path: parts[1])
    default: return nil
    }
  }
}

extension ConsoleTarget: CustomStringConvertible {
  var description: String {
    switch self {
    case .stdio: "stdio"
    case .pty: "pty"
    case .file(let path): "file=\(path)"
    case .socket(let path): "socket=\(path)"
    case .null: "null"
    }
  }
}

/// Where a debugger connects.
enum DebuggerAddress: Hashable, Sendable {
  /// A TCP port of the host's loopback address.
  case port(UInt16)
  case socket(path: String)

  /// Reads a port or `unix=PATH`.
  init?(_ text: String) {
    if text.hasPrefix("unix=") {
      let path = String(text.dropFirst(5))
      guard !path.isEmpty else { return nil }
      self = .socket(path: path)
    } else {
      guard let port = UInt16(text), port > 0 else { return nil }
      self = .port(port)
    }
  }
}

extension DebuggerAddress: CustomStringConvertible {
  var description: String {
    switch self {
    case .port(let port): "\(port)"
    case .socket(let path): "unix=\(path)"
    }
  }
}

/// What a guest's reset does.
enum RebootPolicy: String, Hashable, Sendable, CaseIterable {
  /// Starts the machine afresh.
  case reset
  /// Ends the machine.
  case exit
}
