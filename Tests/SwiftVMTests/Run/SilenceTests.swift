import Testing

@testable import Hypervisor
@testable import swiftvm

struct SilenceTests {
  private static let quiet = "console=ttyS0 quiet"

  private func report(_ address: UInt64, exits: Int = 0, isWaiting: Bool = false) -> CPUReport {
    CPUReport(
      vcpu: 1, cause: nil, instructionPointer: address, registers: [], instructionAddress: nil,
      bytesAtInstruction: [], errorData: [], isEmulationFailure: false, instructionBytes: [],
      history: ["a", "b", "c", "d"], exitCount: exits, isWaiting: isWaiting, isReset: false)
  }

  private func hint(
    _ earlier: CPUReport, _ later: CPUReport, requests: UInt64 = 0, _ commandLine: String? = quiet
  ) -> String {
    let silence = Silence(
      seconds: 15, earlier: earlier, later: later, diskRequests: requests, commandLine: commandLine)
    #expect(!silence.hint.contains("\n"))
    return silence.hint
  }

  @Test(arguments: [quiet, "console=ttyS0", nil])
  func `of a guest that stands still the place and the last exits are told`(commandLine: String?) {
    let text = hint(report(0x7C1F), report(0x7C1F, exits: 2), commandLine)
    #expect(
      text.hasPrefix(
        "hint: no output on the console for 15 s; vcpu-1 stands at rip 0x7c1f, last exits: a; b; c."))
    #expect(text.hasSuffix("Does the kernel use this console (console=ttyS0)?"))
  }

  @Test func `a quiet kernel that runs is not asked whether it uses the console`() {
    for (earlier, later, place) in [
      (report(0x10), report(0x20), "vcpu-1 was at rip 0x10, then at 0x20"),
      (report(0x10), report(0x10, exits: 1000), "vcpu-1 was at rip 0x10, then at 0x10"),
      (report(0x10), report(0x10, isWaiting: true), "vcpu-1 waits for an interrupt at rip 0x10"),
    ] {
      let text = hint(earlier, later)
      #expect(text.hasPrefix("hint: no output on the console for 15 s: the kernel is told to be quiet"))
      #expect(text.contains("and the guest runs: \(place). Without `quiet`"), "\(text)")
      #expect(!text.contains("?"))
    }
    #expect(hint(report(0x10), report(0x20), requests: 7).contains("then at 0x20, after 7 disk request(s)."))
  }

  @Test(arguments: ["console=ttyS0", "quiet", "quiet console=tty0", "console=ttyS0 unquiet", nil])
  func `another that runs is`(commandLine: String?) {
    let text = hint(report(0x10), report(0x20), commandLine)
    #expect(
      text.hasPrefix("hint: no output on the console for 15 s, though the guest runs: vcpu-1 was at rip 0x10")
    )
    #expect(text.hasSuffix("Does the kernel use this console (console=ttyS0)?"))
  }
}
