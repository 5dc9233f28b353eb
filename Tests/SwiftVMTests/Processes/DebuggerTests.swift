import ProcessSupport
import Testing

/// The real gdb and bare-metal guests.
@Suite(.program, .kvm, .gdb) struct DebuggerTests {
  private static let debugged = ["-k", Debugger.image]

  /// What gdb printed for `print` number `index`.
  private func value(_ index: Int, _ outcome: Program.Outcome) -> Substring? {
    outcome.output.split(separator: "\n").first { $0.hasPrefix("$\(index) = ") }?.dropFirst(
      "$\(index) = ".count)
  }

  @Test func `a breakpoint stops the guest where it stands, step goes on by one, and the code is as it was`()
    async throws
  {
    let debugger = try Debugger(Self.debugged)
    let outcome = try await debugger.run(
      "break add", "continue", "continue", "print $rbx", "print $rip == (long)&add", "x/4xb $pc", "backtrace",
      "stepi",
      "print *(long *)&total", "print (long)$rip - (long)&add", "stepi",
      "print $rip > (long)&start && $rip < (long)&tell",
      "delete", "continue")
    #expect(outcome.output.count { $0 == "\n" } > 0, "\(outcome.error)")
    #expect(value(1, outcome) == "2", "\(outcome.output)")
    #expect(value(2, outcome) == "1")
    #expect(outcome.output.contains("<add>:\t0x48\t0x01\t0x1d"), "\(outcome.output)")
    #expect(outcome.output.contains("#1  0x0000000000201129 in start ()"), "\(outcome.output)")
    #expect(value(3, outcome) == "3")
    #expect(value(4, outcome) == "7")
    #expect(value(5, outcome) == "1")
    #expect(outcome.output.contains("exited normally"), "\(outcome.output)")
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "7\n")
  }

  @Test func `a watch stops behind the instruction that wrote, a hardware breakpoint before its own`()
    async throws
  {
    let debugger = try Debugger(Self.debugged)
    let outcome = try await debugger.run(
      "hbreak add", "continue", "delete", "watch *(long *)&total", "continue", "continue",
      "print *(long *)&total",
      "print (long)$rip - (long)&add", "delete", "hbreak tell", "continue", "print $rip == (long)&tell",
      "delete",
      "continue")
    #expect(outcome.output.contains("Old value = 1\nNew value = 3"), "\(outcome.output)")
    #expect(value(1, outcome) == "3")
    #expect(value(2, outcome) == "7")
    #expect(value(3, outcome) == "1")
    #expect(outcome.output.contains("exited normally"))
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "7\n")
  }

  @Test func `memory and registers of every kind can be changed`() async throws {
    let debugger = try Debugger(Self.debugged)
    let outcome = try await debugger.run(
      "hbreak tell", "continue", "set var *(char *)&total = 65", "print *(char *)&total",
      "set var $xmm9.uint128 = 77",
      "set var $st3 = 1.5", "set var $mxcsr = 0x1f00", "set var $gs_base = 0x123000", "flushregs",
      "print $xmm9.uint128", "print $st3", "print $mxcsr", "print/x $gs_base", "print/x $efer & 0x500",
      "print/x $cr0 >> 31",
      "print $cs", "set var $rbx = 0x1122334455667788", "flushregs", "print/x $rbx", "delete", "continue")
    #expect(value(2, outcome) == "77", "\(outcome.output)\(outcome.error)")
    #expect(value(3, outcome) == "1.5")
    #expect(value(4, outcome) == "[ DM ZM OM UM PM ]")
    #expect(value(5, outcome) == "0x123000")
    #expect(value(6, outcome) == "0x500")
    #expect(value(7, outcome) == "0x1")
    #expect(value(8, outcome) == "16")
    #expect(value(9, outcome) == "0x1122334455667788")
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "A\n")
  }

  @Test func `memory that the guest mapped is read as it sees it, and as the machine does`() async throws {
    let image = "\(Repository.guests)/paging.elf"
    let debugger = try Debugger(["-k", image])
    // The lesson has mapped a page of its own far up before it powers off.
    let outcome = try await debugger.run(
      "break main", "continue", "break *(*(long *)($rbp + 8))", "continue",
      "maintenance packet Qqemu.PhyMemMode:1", "x/1xg 0x8000000000", "maintenance packet Qqemu.PhyMemMode:0",
      "x/1xg 0x8000000000", "detach", symbols: image)
    #expect(
      outcome.output.contains("sending: Qqemu.PhyMemMode:1\nreceived: \"OK\""),
      "\(outcome.output)\(outcome.error)")
    #expect(outcome.error.contains("Cannot access memory at address 0x8000000000"), "\(outcome.error)")
    #expect(outcome.output.contains("0x8000000000:\t0x1122334455667788"), "\(outcome.output)")
    #expect(try debugger.program.waitForEnd() == 0)
  }

  @Test func `vCPUs are threads, and a breakpoint in one stops both`() async throws {
    let image = "\(Repository.guests)/processors.elf"
    let debugger = try Debugger(["-k", image, "-c", "2"])
    let outcome = try await debugger.run(
      "info threads", "break processor_main", "continue", "print $_thread", "info threads", "thread 1",
      "print $rip != 0",
      "thread 2", "stepi 20", "print $_thread", "delete", "continue", symbols: image)
    #expect(outcome.output.contains("* 1    Thread 1 (vCPU 0)"), "\(outcome.output)\(outcome.error)")
    #expect(outcome.output.contains("  2    Thread 2 (vCPU 1)"))
    #expect(outcome.output.contains("Thread 2 hit Breakpoint 1"), "\(outcome.output)")
    #expect(value(1, outcome) == "2")
    #expect(outcome.output.contains("* 2    Thread 2 (vCPU 1)"))
    #expect(value(2, outcome) == "1")
    #expect(value(3, outcome) == "2")
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText.contains("in whole steps, that makes 40000"))
  }

  @Test func `Ctrl-C in gdb stops a guest that sleeps`() throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/idle.bin"])
    let gdb = try RunningProgram(
      Debugger.gdb, ["-nx", "-q", "-ex", "set confirm off", "-ex", "target remote \(debugger.socket)"])
    gdb.send("continue\n")
    try debugger.program.waitForOutput("up\r\n")
    gdb.signal(2)
    try gdb.waitForOutput("received signal SIGINT")
    // Behind the hlt, and ahead of the jump back to it.
    gdb.send("x/1xb $pc\n")
    try gdb.waitForOutput("0xeb")
    gdb.send("kill\n")
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.error.contains("the client ends the machine"))
    gdb.send("quit\n")
    #expect(try gdb.waitForEnd() == 0)
  }

  @Test func `detaching takes the breakpoints out, and the guest goes on`() async throws {
    let debugger = try Debugger(Self.debugged)
    let outcome = try await debugger.run("break add", "hbreak tell", "continue", "detach")
    #expect(outcome.output.contains("detached"), "\(outcome.output)")
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "7\n")
  }

  @Test func `a guest's own end is told with its status`() async throws {
    let status = try Debugger(["--flat", "\(Repository.guests)/status.bin", "--debug-exit", "0xf4"])
    let outcome = try await status.run("continue")
    #expect(outcome.output.contains("exited with code 0125"), "\(outcome.output)")
    #expect(try status.program.waitForEnd() == 85)
  }

  @Test func `a guest that cannot go on stops where it is, and then ends`() async throws {
    let crash = try Debugger(["--flat", "\(Repository.guests)/triple.bin", "--on-reboot", "exit"])
    let outcome = try await crash.run("continue", "print $_siginfo", "continue")
    #expect(outcome.output.contains("received signal SIGSEGV"), "\(outcome.output)")
    #expect(outcome.output.contains("terminated with signal SIGABRT"), "\(outcome.output)")
    #expect(try crash.program.waitForEnd() == 0)
    #expect(crash.program.error.contains("triple fault"))
  }

  @Test func `each machine that a reset makes waits again, when asked to`() async throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/serial.bin"])
    for _ in 0..<2 {
      let outcome = try await debugger.run("print/x $pc", "continue")
      #expect(value(1, outcome) == "0x7c00", "\(outcome.output)\(outcome.error)")
      #expect(outcome.output.contains("exited normally"), "\(outcome.output)")
    }
    debugger.program.signal(2)
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "Hello from real mode\r\nHello from real mode\r\n")
  }
}
