internal import Hypervisor

/// A guest that wrote nothing so far, looked at twice.
struct Silence {
  /// Since its start.
  let seconds: UInt32
  /// Of the same vCPU, a second apart.
  let earlier, later: CPUReport
  /// What its disks did so far.
  let diskRequests: UInt64
  let commandLine: String?

  /// One line for people. A kernel that was told to be quiet is rightly so while it runs.
  var hint: String {
    let start = "hint: no output on the console for \(seconds) s"
    guard isAtWork else {
      let exits = later.history.prefix(3).joined(separator: "; ")
      return "\(start); \(place), last exits: \(exits.isEmpty ? "none" : exits). \(Self.question)"
    }
    let work = diskRequests == 0 ? place : "\(place), after \(diskRequests) disk request(s)"
    guard isQuiet else { return "\(start), though the guest runs: \(work). \(Self.question)" }
    return
      "\(start): the kernel is told to be quiet, and the guest runs: \(work). Without `quiet` it tells of its boot"
  }

  private static let question = "Does the kernel use this console (console=ttyS0)?"

  private var isAtWork: Bool { later.isWaiting || hasMoved }

  private var hasMoved: Bool {
    // What looks at a vCPU makes exits too, of which there are fewer.
    earlier.instructionPointer != later.instructionPointer || later.exitCount &- earlier.exitCount > 4
  }

  private var place: String {
    let address = CrashText.hex(later.instructionPointer)
    if later.isWaiting { return "vcpu-\(later.vcpu) waits for an interrupt at rip \(address)" }
    guard hasMoved else { return "vcpu-\(later.vcpu) stands at rip \(address)" }
    return "vcpu-\(later.vcpu) was at rip \(CrashText.hex(earlier.instructionPointer)), then at \(address)"
  }

  /// Whether its command line says so, and leads to a console here.
  private var isQuiet: Bool {
    let words = (commandLine ?? "").split(separator: " ")
    return words.contains("quiet")
      && words.contains { $0.hasPrefix("console=ttyS0") || $0.hasPrefix("console=hvc0") }
  }
}
