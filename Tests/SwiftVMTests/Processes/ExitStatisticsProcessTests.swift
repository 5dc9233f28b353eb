import ProcessSupport
import Testing

/// `--exit-stats` of the release executable.
@Suite(.program, .kvm) struct ExitStatisticsProcessTests {
  /// The line that begins with `text`, its words.
  private func words(_ error: String, after text: String) -> [String]? {
    error.split(separator: "\n").first { $0.hasPrefix("  " + text + " ") }.map {
      $0.dropFirst(text.count + 2).split(separator: " ").map(String.init)
    }
  }

  @Test func `every exit of a guest that counts its own is in the table, by reason and by device`()
    async throws
  {
    // 20000 writes and 20000 reads of the serial port's scratch register; then 17 characters and a reset.
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("port-exits", ["--on-reboot", "exit", "--exit-stats"]))
    #expect(outcome.status == 0)
    #expect(outcome.output.count == 17)
    #expect(outcome.error.hasPrefix("vcpu-0: 400"))
    #expect(words(outcome.error, after: "port write")?.first == "20018")
    #expect(words(outcome.error, after: "port read")?.first == "20000")
    #expect(words(outcome.error, after: "port write 0x3ff, COM1 SCR")?.first == "20000")
    #expect(words(outcome.error, after: "port read 0x3ff, COM1 SCR")?.first == "20000")
    #expect(words(outcome.error, after: "port write 0x3f8, COM1 THR/DLL")?.first == "17")
    #expect(words(outcome.error, after: "port write 0x64, i8042 command")?.first == "1")
  }

  @Test func `memory-mapped registers are named as well`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("mmio-exits", ["--on-reboot", "exit", "--exit-stats"]))
    #expect(words(outcome.error, after: "MMIO write")?.first == "20000")
    #expect(words(outcome.error, after: "MMIO read 0xe000003c, PCI ECAM 00.0+0x3c")?.first == "20000")
  }

  @Test func `SIGUSR1 shows the table while the guest goes on`() throws {
    let program = try SwiftVMProgram.start("idle", ["--exit-stats"])
    try program.waitForOutput("up")
    program.signal(10)
    try program.waitForError("port write 0x3f8, COM1")
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    let tables = program.error.split(separator: "\n").count { $0.hasPrefix("vcpu-0: ") }
    #expect(tables == 2, "\(program.error)")
  }

  @Test func `without the option nothing is told`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("port-exits", ["--on-reboot", "exit"]))
    #expect(outcome.error == "")
  }
}
