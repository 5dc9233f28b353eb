import Devices
import Testing

@testable import Hypervisor
@testable import swiftvm

struct CrashTextTests {
  private func report(
    cause: String? = "triple fault", errorData: [UInt64] = [], isEmulationFailure: Bool = false,
    bytes: [UInt8] = [0x0F, 0x0B], instruction: [UInt8] = [], history: [String] = [], isReset: Bool = false
  ) -> CPUReport {
    CPUReport(
      vcpu: 1, cause: cause, instructionPointer: 0x7C1F,
      registers: [("rip", 0x7C1F), ("rflags", 2), ("rsp", 0x7C00), ("rbp", 0), ("rax", 0xDEAD_BEEF)],
      instructionAddress: 0x7C1F, bytesAtInstruction: bytes, errorData: errorData,
      isEmulationFailure: isEmulationFailure, instructionBytes: instruction, history: history,
      exitCount: history.count, isWaiting: false, isReset: isReset)
  }

  @Test func `a report names the vCPU, the cause, the place and every register`() {
    let lines = CrashText.text(report(), on: .vmx).split(separator: "\n")
    #expect(lines.first == "vcpu-1: triple fault at rip 0x7c1f")
    let text = lines.joined(separator: "\n")
    for cell in ["rip      0000000000007c1f", "rflags   0000000000000002", "rax      00000000deadbeef"] {
      #expect(text.contains(cell))
    }
    #expect(text.contains("bytes at rip: 0f 0b"))
    #expect(!text.contains("exit data"))
    #expect(!text.contains("last exits"))
  }

  @Test func `no line of registers is wider than a screen`() {
    #expect(CrashText.text(report(), on: .vmx).split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func `the exit's data and the last exits are told where there are some`() {
    let text = CrashText.text(
      report(errorData: [1, 0xFF], history: ["read of port 0x60", "halt"]), on: .vmx)
    #expect(text.contains("exit data: 0x1 0xff"))
    #expect(text.contains("last exits, newest first: read of port 0x60; halt"))
  }

  @Test func `the instruction that KVM saw stands for the bytes in memory`() {
    #expect(CrashText.text(report(instruction: [0xDB, 0x2E]), on: .vmx).contains("bytes at rip: db 2e"))
    #expect(CrashText.text(report(bytes: []), on: .vmx).contains("bytes at rip: not readable"))
  }

  @Test func `a crash is the guest's, with its cause`() {
    let failure = CrashText.failure(report(cause: "KVM internal error, suberror 3"))
    #expect(failure.status == .guestCrashed)
    #expect(failure.message == "the guest cannot go on: KVM internal error, suberror 3")
    #expect(failure.hint?.contains("report above") == true)
  }

  @Test func `an instruction that KVM cannot emulate is told as that`() {
    let failure = CrashText.failure(report(isEmulationFailure: true))
    #expect(failure.status == .guestCrashed)
    #expect(failure.message.contains("no emulation for the instruction at rip"))
    #expect(failure.hint != nil)
  }

  @Test func `registers that SVM's KVM reset are told as that`() {
    let told = "these are the values of KVM's reset"
    #expect(CrashText.text(report(isReset: true), on: .svm).contains(told))
    #expect(!CrashText.text(report(isReset: false), on: .svm).contains(told))
    // There the guest did stand there.
    #expect(!CrashText.text(report(isReset: true), on: .vmx).contains(told))
  }
}
