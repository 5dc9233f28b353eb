import ProcessSupport
import Testing

@testable import swiftvm

/// How a run ends, and with which status.
@Suite(.program, .kvm) struct EndingTests {
  @Test func `a guest that powers off ends with 0, and standard output is its own`() async throws {
    let outcome = try await SwiftVMProgram.run(["run", "-k", "\(Repository.guests)/elf64.elf", "-m", "16"])
    #expect(outcome.status == 0)
    #expect(outcome.output == "Hello from long mode\r\n")
    #expect(outcome.error == "")
  }

  @Test func `a guest that resets ends with 0 under --on-reboot exit`() async throws {
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("serial", ["--on-reboot", "exit"]))
    #expect(outcome.status == 0)
    #expect(outcome.output == "Hello from real mode\r\n")
    #expect(outcome.error == "")
  }

  @Test func `a guest that resets starts afresh in the same process by default`() throws {
    let program = try SwiftVMProgram.start("serial")
    let hello = "Hello from real mode\r\n"
    try program.waitForOutput(hello + hello + hello)
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    let lines = program.error.split(separator: "\n")
    #expect(lines.count >= 2 && lines.allSatisfy { $0 == "the guest reset the machine: it starts afresh" })
  }

  @Test func `--verbose tells each stage with its time on standard error only`() async throws {
    let outcome = try await SwiftVMProgram.run(
      ["run", "-k", "\(Repository.guests)/elf64.elf", "-m", "16", "-v", "-a", "quiet"])
    #expect(outcome.output == "Hello from long mode\r\n")
    let lines = outcome.error.split(separator: "\n")
    for line in lines { #expect(line.contains(/^\[\d+\.\d{3}\] ./)) }
    for stage in [
      "KVM: API 12", "memory map: 0x0-", "machine made: 1 vCPU", "kernel: ELF x86-64, 64-bit entry",
      "command line: console=ttyS0 quiet", "the machine runs", "the guest powered off",
    ] {
      #expect(lines.contains { $0.contains(stage) }, "\(stage)")
    }
  }

  @Test func `a triple fault is reported and ends with 0 under --on-reboot exit`() async throws {
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("triple", ["--on-reboot", "exit"]))
    #expect(outcome.status == 0)
    #expect(outcome.output == "")
    #expect(outcome.error.hasPrefix("vcpu-0: triple fault at rip 0x7c"))
    #expect(outcome.error.contains("bytes at rip: 0f 0b"))
    #expect(!outcome.error.contains("error:"))
  }

  @Test func `a guest that triple-faults at once, again and again, ends with 3`() async throws {
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("triple"))
    #expect(outcome.status == 3)
    let lines = outcome.error.split(separator: "\n")
    #expect(lines.count { $0.hasPrefix("vcpu-0: triple fault at rip") } == CrashLoopGuard.limit)
    #expect(lines.count { $0 == "the guest triple-faulted: it starts afresh" } == CrashLoopGuard.limit - 1)
    #expect(lines.suffix(2).first?.hasPrefix("error: the guest triple-faulted 3 times") == true)
    #expect(lines.last?.hasPrefix("hint: ") == true)
  }

  @Test func `a kernel's panic ends with 3 under --on-reboot exit`() async throws {
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("panic", ["--on-reboot", "exit"]))
    #expect(outcome.status == 3)
    #expect(outcome.output == "panic")
    #expect(
      outcome.error == """
        error: the guest's kernel panicked
        hint: its last lines on the console tell why\n
        """)
  }

  @Test func `a kernel that panics starts afresh, unless it does so again and again`() async throws {
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("panic"))
    #expect(outcome.status == 3)
    #expect(outcome.output == "panicpanicpanic")
    let line = "the guest's kernel panicked: it starts afresh\n"
    #expect(
      outcome.error == line + line + """
        error: the guest's kernel panicked 3 times in a row, soon after its start
        hint: its last lines on the console tell why\n
        """)
  }

  @Test func `an instruction that KVM cannot emulate ends with 3, a report and what it means`() async throws {
    let outcome = try await SwiftVMProgram.run(SwiftVMProgram.running("lost"))
    #expect(outcome.status == 3)
    #expect(outcome.output == "")
    let lines = outcome.error.split(separator: "\n")
    #expect(lines.first?.hasPrefix("vcpu-0: KVM internal error, suberror 1 at rip 0x7c05") == true)
    #expect(outcome.error.contains("bytes at rip: db 2e 00 00"))
    #expect(outcome.error.contains("exit data: "))
    #expect(lines.suffix(2).first?.contains("no emulation for the instruction at rip") == true)
    #expect(lines.last?.hasPrefix("hint: ") == true)
  }

  @Test func `a silent guest is told of once, with its place`() throws {
    let program = try SwiftVMProgram.start("silent", ["--boot-hint", "1"])
    try program.waitForError("Does the kernel use this console")
    #expect(program.error.hasPrefix("hint: no output on the console for 1 s; vcpu-0 stands at rip 0x7c0"))
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    #expect(program.error.split(separator: "\n").count == 1)
  }

  @Test func `a guest that spoke is not told of, nor is any with --boot-hint 0`() throws {
    let spoken = try SwiftVMProgram.start("idle", ["--boot-hint", "1", "--shutdown-timeout", "2"])
    let silent = try SwiftVMProgram.start("silent", ["--boot-hint", "0", "--shutdown-timeout", "2", "-v"])
    try spoken.waitForOutput("up")
    try silent.waitForError("the machine runs")
    // The forced end comes after the hint would have.
    spoken.signal(15)
    silent.signal(15)
    #expect(try spoken.waitForEnd() == 0)
    #expect(try silent.waitForEnd() == 0)
    #expect(!spoken.error.contains("no output"))
    #expect(!silent.error.contains("no output"))
  }
}
