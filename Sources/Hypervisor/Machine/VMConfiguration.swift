/// What a person asked for, from flags or a file, not checked yet.
public struct VMConfiguration: Hashable, Sendable {
  /// What to start.
  public enum Image: Hashable, Sendable {
    /// A kernel recognised by content, and an initial RAM disk for it.
    case kernel(path: String, initrd: String?)
    /// Raw bytes entered in real mode.
    case flat(path: String)
  }

  public var image: Image?
  /// Added to the default kernel arguments.
  public var append: [String] = []
  /// Replaces the default kernel arguments.
  public var appendOnly: String?
  /// Bytes of RAM.
  public var memory: UInt64 = 1 << 30
  public var cpus = 1
  public var serial = ConsoleTarget.stdio
  /// The virtio console; nil: none.
  public var console: ConsoleTarget?
  /// Whether there is a virtio source of random numbers.
  public var hasEntropy = true
  /// What the guest finds in the firmware configuration device.
  public var firmwareFiles: [FirmwareFile] = []
  /// In the order in which the guest finds them.
  public var disks: [DiskConfiguration] = []
  /// In the order in which the guest finds them.
  public var networks: [NetworkConfiguration] = []
  /// Ports of the host that lead to the first card with a virtual network of the host.
  public var published: [PublishedPort] = []
  /// What people and other commands call the machine; nil: the next free one.
  public var name: String?
  public var onReboot = RebootPolicy.reset
  /// Seconds from the power button to a forced end.
  public var shutdownTimeout: UInt32 = 10
  /// Seconds of silence on the console until a hint; 0: never.
  public var bootHint: UInt32 = 15
  /// The port that ends the machine with a status; nil: none.
  public var debugExit: UInt16?
  /// Whether each vCPU counts its exits and times them.
  public var hasExitStatistics = false
  /// The file that all events are written to; nil: none.
  public var trace: String?
  /// The file that a picture of the boot is drawn into; nil: none.
  public var bootChart: String?
  /// Where counters go while the machine runs; nil: nowhere.
  public var metrics: MetricsTarget?
  /// Bytes at which the trace's file ends; nil: the usual.
  public var traceLimit: UInt64?
  /// Where gdb finds the machine; nil: nowhere.
  public var debugger: DebuggerAddress?
  /// Whether the machine waits for gdb before its first instruction.
  public var waitsForDebugger = false

  public init() {}
}

/// Where a machine's counters go.
public enum MetricsTarget: Hashable, Sendable {
  /// A line of JSON each second.
  case file(path: String)
  /// OpenMetrics to whoever connects.
  case socket(path: String)

  /// Reads a path, or `unix=PATH` for a socket.
  public init?(_ text: String) {
    let path = text.hasPrefix("unix=") ? String(text.dropFirst(5)) : nil
    guard !(path ?? text).isEmpty else { return nil }
    self = path.map { .socket(path: $0) } ?? .file(path: text)
  }
}

extension MetricsTarget: CustomStringConvertible {
  public var description: String {
    switch self {
    case .file(let path): path
    case .socket(let path): "unix=\(path)"
    }
  }
}

/// Where a console leads.
public enum ConsoleTarget: Hashable, Sendable {
  case stdio
  case pty
  case file(path: String)
  case socket(path: String)
  case null

  /// Reads `stdio`, `pty`, `file=PATH`, `socket=PATH` or `null`.
  public init?(_ text: String) {
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
  public var description: String {
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
public enum DebuggerAddress: Hashable, Sendable {
  /// A TCP port of the host's loopback address.
  case port(UInt16)
  case socket(path: String)

  /// Reads a port or `unix=PATH`.
  public init?(_ text: String) {
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
  public var description: String {
    switch self {
    case .port(let port): "\(port)"
    case .socket(let path): "unix=\(path)"
    }
  }
}

/// What a guest's reset does.
public enum RebootPolicy: String, Hashable, Sendable, CaseIterable {
  /// Starts the machine afresh.
  case reset
  /// Ends the machine.
  case exit
}
