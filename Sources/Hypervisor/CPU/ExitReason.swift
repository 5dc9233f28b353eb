/// The kinds of exit that are told apart in statistics.
public enum ExitReason: Int, Hashable, Sendable, CaseIterable {
  case portRead
  case portWrite
  /// Several values at once (INS, OUTS).
  case stringPort
  case mmioRead
  case mmioWrite
  case halt
  /// A kick, or a signal.
  case interrupted
  /// A debugger's, or the last exit of a guest that ended itself or went wrong.
  case other

  public var name: String {
    switch self {
    case .portRead: "port read"
    case .portWrite: "port write"
    case .stringPort: "string port I/O"
    case .mmioRead: "MMIO read"
    case .mmioWrite: "MMIO write"
    case .halt: "HLT"
    case .interrupted: "interrupted"
    case .other: "other"
    }
  }

  /// Whether it goes to an address on one of the buses.
  public var hasPlace: Bool { rawValue <= ExitReason.mmioWrite.rawValue }

  var isOnPortBus: Bool { rawValue <= ExitReason.stringPort.rawValue }
}

extension VCPUExit {
  /// What it is counted as, and the address that it is for, if any.
  @inline(__always)
  var counted: (reason: ExitReason, address: UInt64) {
    switch self {
    case .portRead(let access):
      (access.count > 1 ? .stringPort : .portRead, UInt64(access.port))
    case .portWrite(let access):
      (access.count > 1 ? .stringPort : .portWrite, UInt64(access.port))
    case .mmioRead(let address, _): (.mmioRead, address)
    case .mmioWrite(let address, _, _): (.mmioWrite, address)
    case .halt: (.halt, 0)
    case .interrupted: (.interrupted, 0)
    case .debug, .tripleFault, .failedEntry, .internalError, .runFailed, .unexpected: (.other, 0)
    }
  }
}
