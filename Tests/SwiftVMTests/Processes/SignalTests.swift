import Glibc
import ProcessSupport
import Testing

/// Signals to a machine whose console is no terminal.
@Suite(.program, .kvm) struct SignalTests {
  @Test(arguments: [SIGINT, SIGHUP, SIGQUIT])
  func `a signal that asks for the end gets it at once, with status 0`(signal: Int32) throws {
    let program = try SwiftVMProgram.start("idle")
    try program.waitForOutput("up\r\n")
    program.signal(signal)
    #expect(try program.waitForEnd() == 0)
    #expect(program.error == "")
  }

  @Test(arguments: ["INT", "TERM"])
  func `a signal that comes while the machine is made ends it with status 0`(signal: String) async throws {
    // It waits before the program begins: no moment is earlier, and none more certain.
    let outcome = try await SwiftVMProgram.shell(
      """
      exec env --block-signal=\(signal) bash -c 'kill -\(signal) $$; exec "$@"' - \
          $vm run -v --flat $guests/idle.bin -m 16 --boot-hint 0
      """)
    #expect(outcome.status == 0)
    #expect(outcome.output == "")
    #expect(outcome.error.contains("ended as asked"), "\(outcome.error)")
    #expect(!outcome.error.contains("machine made"), "\(outcome.error)")
  }

  @Test func `SIGTERM presses the power button, and a guest that listens powers off`() throws {
    let program = try SwiftVMProgram.start("button", ["--shutdown-timeout", "600"])
    try program.waitForOutput("up\r\n")
    program.signal(SIGTERM)
    #expect(try program.waitForEnd() == 0)
    #expect(program.outputText == "up\r\npower button\r\n")
    #expect(program.error == "")
  }

  @Test func `a guest that does not listen is ended after the timeout, with a warning`() throws {
    let program = try SwiftVMProgram.start("idle", ["--shutdown-timeout", "1"])
    try program.waitForOutput("up\r\n")
    program.signal(SIGTERM)
    #expect(try program.waitForEnd() == 0)
    #expect(program.error == "warning: the guest did not power off within 1 s of SIGTERM: ended by force\n")
  }

  @Test func `a second SIGTERM ends it at once`() throws {
    let program = try SwiftVMProgram.start("idle", ["--shutdown-timeout", "600", "-v"])
    try program.waitForOutput("up\r\n")
    program.signal(SIGTERM)
    try program.waitForError("pressing the power button")
    program.signal(SIGTERM)
    #expect(try program.waitForEnd() == 0)
    #expect(!program.error.contains("by force"))
  }

  @Test func `SIGTERM with no time for the guest ends it at once`() throws {
    let program = try SwiftVMProgram.start("idle", ["--shutdown-timeout", "0"])
    try program.waitForOutput("up\r\n")
    program.signal(SIGTERM)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `a guest that answers SIGTERM by a reset does not come back`() throws {
    let program = try SwiftVMProgram.start("serial", ["--shutdown-timeout", "600"])
    try program.waitForOutput("Hello from real mode\r\n")
    program.signal(SIGTERM)
    #expect(try program.waitForEnd() == 0)
  }
}
