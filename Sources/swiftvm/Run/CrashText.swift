internal import Hypervisor

/// A vCPU's report as a person reads it.
enum CrashText {
  /// Where the vCPU stood, over several lines.
  ///
  /// - Parameter cpu: what the host's CPU has for guests.
  static func text(_ report: CPUReport, on cpu: Virtualisation.Extension?) -> String {
    var lines = ["vcpu-\(report.vcpu): \(report.cause ?? "stopped") at rip \(hex(report.instructionPointer))"]
    var row = ""
    for (name, value) in report.registers {
      let cell = pad(name, to: 8) + " " + hex16(value)
      row += row.isEmpty ? "  " + cell : " " + cell
      if row.utf8.count > 70 {
        lines.append(row)
        row = ""
      }
    }
    if !row.isEmpty { lines.append(row) }
    if report.isReset, cpu == .svm {
      lines.append(
        "  SVM keeps nothing of a guest that triple-faulted: these are the values of KVM's reset after it")
    }
    let bytes = report.instructionBytes.isEmpty ? report.bytesAtInstruction : report.instructionBytes
    lines.append(
      "  bytes at rip: " + (bytes.isEmpty ? "not readable" : bytes.map(hex2).joined(separator: " ")))
    if !report.errorData.isEmpty {
      lines.append("  exit data: " + report.errorData.map(hex).joined(separator: " "))
    }
    if !report.history.isEmpty {
      lines.append("  last exits, newest first: " + report.history.joined(separator: "; "))
    }
    return lines.joined(separator: "\n")
  }

  /// What such an end means, and what to do.
  static func failure(_ report: CPUReport) -> Failure {
    let cause = report.cause ?? "unknown"
    guard report.isEmulationFailure else {
      return Failure(
        .guestCrashed, "the guest cannot go on: \(cause)", hint: "the report above shows where it stood")
    }
    if Virtualisation.detect().runsKernelsNatively {
      return Failure(
        .guestCrashed, "the guest cannot go on: KVM has no emulation for the instruction at rip",
        hint: "the guest executed a device or page-table address with an instruction that KVM cannot emulate")
    }
    return Failure(
      .guestCrashed, "the guest cannot go on: this host's KVM has no emulation for the instruction at rip",
      hint: """
        this CPU offers neither VMX nor SVM, so KVM emulates all kernel code, and knows only part of \
        the instructions: stock kernels do not run here. Use a host whose CPU flags show vmx or svm, \
        or run inside a nested machine (`make demo` does)
        """)
  }

  static func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }

  private static func hex2(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }

  private static func hex16(_ value: UInt64) -> String {
    let digits = String(value, radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }

  private static func pad(_ text: String, to width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
