import ProcessSupport
import Testing

/// `--debug-exit`: a guest that ends swiftvm with a status of its own.
@Suite(.program, .kvm) struct DebugExitTests {
  @Test func `what the guest writes to the port is the status, and its output is whole`() async throws {
    // Writes 0x2a to port 0xf4.
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("status", ["--debug-exit", "0xf4", "-v"]))
    #expect(outcome.status == 0x2A << 1 | 1)
    #expect(outcome.output == "done")
    #expect(outcome.error.contains("the guest ended with status 85"))
  }

  @Test func `without the option the port is nobody's`() async throws {
    // It resets the machine then.
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("status", ["--on-reboot", "exit"]))
    #expect(outcome.status == 0)
    #expect(outcome.output == "done")
  }

  @Test(arguments: [
    ("0x3f8", "COM1 answers there"), ("0x3f6", "COM1 answers there"), ("0x70", "CMOS RTC answers there"),
    ("0x64", "i8042 command answers there"), ("0x502", "pvpanic answers there"),
    ("0xcf8", "PCI configuration answers there"), ("0x603", "ACPI PM1 answers there"),
    ("0x20", "PIC answers there"), ("0x42", "PIT answers there"),
    ("0x5d", "i8042 data answers there"), ("0x5f", "port B answers there"), ("0x65", nil),
    ("0x4ce", "PIC control answers there"),
    ("0xfffd", "ports end at 0xffff"),
  ])
  func `a port where something is is refused by name`(port: String, device: String?) async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("status", ["--debug-exit", port, "--on-reboot", "exit"]))
    guard let device else {
      #expect(outcome.status == 0)
      return
    }
    expectFailure(
      outcome, status: 2, error: "debug port \(port): \(device)", hint: "--debug-exit")
  }
}
