internal import Devices
internal import Hypervisor

/// What comes after a machine's end: the process's, or the next machine.
struct RebootRules {
  enum Decision {
    /// With this status.
    case end(UInt8)
    /// What the guest said comes before what is said of it.
    case fail(Failure)
    case startAfresh(because: String)
  }

  private let policy: RebootPolicy
  private let clock = HostClock()
  private var crashes: CrashLoopGuard

  init(_ policy: RebootPolicy) {
    self.policy = policy
    crashes = CrashLoopGuard(startedAt: clock.monotonicNanoseconds)
  }

  /// - Parameter isShuttingDown: whether somebody asked the guest for its end, and does not want it back.
  mutating func decide(_ ending: MachineEnding, isShuttingDown: Bool) -> Decision {
    let isLast = policy == .exit || isShuttingDown
    let reason: String
    switch ending {
    case .poweredOff, .stopped: return .end(0)
    case .debugExit(let status): return .end(status)
    case .crashed(let report): return .fail(CrashText.failure(report))
    case .reset: reason = "guest reset the machine"
    case .tripleFault:
      reason = "guest triple-faulted"
      if policy == .reset, crashes.note(.tripleFault, at: clock.monotonicNanoseconds) {
        return .fail(
          Failure(
            .guestCrashed,
            "the guest triple-faulted \(CrashLoopGuard.limit) times in a row, at once after its start",
            hint: "the report above shows where; --on-reboot exit ends at the first one"))
      }
    case .panicked:
      reason = "guest's kernel panicked"
      if isLast || crashes.note(.panic, at: clock.monotonicNanoseconds) {
        return .fail(
          Failure(
            .guestCrashed,
            "the guest's kernel panicked"
              + (isLast ? "" : " \(CrashLoopGuard.limit) times in a row, soon after its start"),
            hint: "its last lines on the console tell why"))
      }
    }
    return isLast ? .end(0) : .startAfresh(because: reason)
  }
}

extension MachineEnding {
  /// Where a vCPU stood that could not go on.
  var report: CPUReport? {
    switch self {
    case .tripleFault(let report), .crashed(let report): report
    case .poweredOff, .reset, .panicked, .debugExit, .stopped: nil
    }
  }

  /// For `--verbose`; nil: more is said of it anyhow.
  var remark: String? {
    switch self {
    case .poweredOff: "the guest powered off"
    case .debugExit(let status): "the guest ended with status \(status)"
    case .stopped: "ended as asked"
    case .reset: "the guest reset the machine"
    case .tripleFault, .crashed, .panicked: nil
    }
  }
}
