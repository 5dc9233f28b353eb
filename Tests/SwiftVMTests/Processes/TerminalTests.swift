import Glibc
import ProcessSupport
import Testing

/// The console of a person at a terminal.
@Suite(.program, .kvm) struct TerminalTests {
  private let terminal: PseudoTerminal
  private let before: [UInt8]

  init() throws {
    terminal = try PseudoTerminal()
    before = terminal.settings
  }

  private static let hint = "Ctrl-A x ends the machine, Ctrl-A h shows more"

  /// Starts a guest on the terminal and waits until it has spoken.
  private func start(_ guest: String, saying text: String, _ more: [String] = []) throws -> RunningProgram {
    let program = try SwiftVMProgram.start(guest, more, terminal: terminal)
    try program.waitForOutput(text)
    #expect(terminal.isRaw)
    return program
  }

  private func expectRestored(sourceLocation: SourceLocation = #_sourceLocation) {
    #expect(terminal.settings == before, sourceLocation: sourceLocation)
  }

  @Test func `Ctrl-A x ends it with 0, and the hint was given once`() throws {
    let program = try start("echo", saying: "ready")
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
    #expect(program.error == Self.hint + "\n")
    expectRestored()
  }

  @Test func `a guest that resets keeps the terminal, and the hint is not given again`() throws {
    let hello = "Hello from real mode\r\n"
    let program = try start("serial", saying: hello + hello + hello)
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
    #expect(program.error.split(separator: "\n").count { $0 == Self.hint } == 1, "\(program.error)")
    expectRestored()
  }

  @Test func `Ctrl-A x ends a guest that reads nothing of what was typed before`() throws {
    let program = try start("idle", saying: "up")
    // More than one read brings, so that the command is not among what the first one brought.
    program.send(String(repeating: "x", count: 20_000) + "\u{01}x")
    #expect(try program.waitForEnd() == 0)
    expectRestored()
  }

  @Test func `every key goes to the guest as it is typed, Ctrl-C and Ctrl-Z included`() throws {
    let program = try start("echo", saying: "ready\r\n")
    program.send("\u{03}\u{1A}\u{1C}\r\n\u{11}\u{13}x")
    try program.waitForOutput("ready\r\n\u{03}\u{1A}\u{1C}\r\n\u{11}\u{13}x")
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `Ctrl-A a sends Ctrl-A, Ctrl-A b a break`() throws {
    let program = try start("echo", saying: "ready\r\n")
    program.send("\u{01}a")
    try program.waitForOutput("ready\r\n\u{01}")
    program.send("\u{01}b")
    try program.waitForOutput("ready\r\n\u{01}<break>")
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `Ctrl-A h helps on standard error, and the guest sees nothing of it`() throws {
    let program = try start("echo", saying: "ready\r\n")
    program.send("\u{01}h!")
    try program.waitForError("Ctrl-A b  send a break")
    try program.waitForOutput("ready\r\n!")
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
    #expect(program.outputText == "ready\r\n!")
  }

  @Test func `100 KiB pasted come back complete`() throws {
    let program = try start("echo", saying: "ready\r\n")
    // Ctrl-A would be a command.
    let paste = SerialTargetProcessTests.paste.map { $0 == 0x01 ? 0x02 : $0 }
    program.send(paste)
    try program.waitForOutput(count: 7 + paste.count)
    #expect(Array(program.output.dropFirst(7)) == paste)
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
    expectRestored()
  }

  // MARK: Every way out

  @Test func `the terminal is restored when the guest ends`() throws {
    let program = try start("button", saying: "up")
    program.signal(SIGTERM)
    #expect(try program.waitForEnd() == 0)
    expectRestored()
  }

  @Test func `the terminal is restored when the guest crashes, before the report`() throws {
    let program = try SwiftVMProgram.start("lost", terminal: terminal)
    #expect(try program.waitForEnd() == 3)
    expectRestored()
    #expect(program.error.contains("error: the guest cannot go on"))
    #expect(!program.error.contains("\r"))
  }

  @Test(arguments: [SIGINT, SIGTERM, SIGHUP, SIGQUIT])
  func `the terminal is restored when a signal ends it`(signal: Int32) throws {
    let program = try start("idle", saying: "up", ["--shutdown-timeout", "0"])
    program.signal(signal)
    #expect(try program.waitForEnd() == 0)
    expectRestored()
  }

  @Test(arguments: [SIGILL, SIGTRAP, SIGSEGV, SIGABRT, SIGBUS, SIGFPE])
  func `the terminal is restored when our own code traps, which stays visible in the status`(signal: Int32)
    throws
  {
    let program = try start("idle", saying: "up")
    program.signal(signal)
    #expect(try program.waitForEnd() == 128 + signal)
    expectRestored()
    #expect(program.error.split(separator: "\n").count == 1)
  }

  @Test func `after a stop the terminal is the guest's again`() throws {
    let program = try start("echo", saying: "ready\r\n")
    program.signal(SIGSTOP)
    terminal.restore()
    #expect(!terminal.isRaw)
    program.signal(SIGCONT)
    program.send("on")
    try program.waitForOutput("ready\r\non")
    while !terminal.isRaw { usleep(1000) }
    program.send("\u{01}x")
    #expect(try program.waitForEnd() == 0)
    expectRestored()
  }

  // MARK: Not before the machine stands

  @Test(arguments: [["-m", "0"], ["-c", "0"], ["--serial", "file=/none/log"], ["-k", "/none"]])
  func `an error before the machine stands leaves the terminal alone, and gives no hint for it`(
    arguments: [String]
  ) throws {
    let program = try SwiftVMProgram.start("idle", arguments, terminal: terminal)
    #expect(try program.waitForEnd() == 2)
    expectRestored()
    #expect(program.error.hasPrefix("error: "))
    #expect(program.output.isEmpty)
  }

  @Test func `a file that cannot be booted leaves the terminal alone`() throws {
    let program = try RunningProgram(
      Repository.executable, ["run", "-k", Repository.root + "/README.md"], terminal: terminal)
    #expect(try program.waitForEnd() == 2)
    expectRestored()
    #expect(!program.error.contains(Self.hint))
  }

  @Test func `another console than stdio leaves the terminal alone`() throws {
    let program = try SwiftVMProgram.start("idle", ["--serial", "null", "-v"], terminal: terminal)
    try program.waitForError("the machine runs")
    #expect(!terminal.isRaw)
    program.signal(SIGINT)
    #expect(try program.waitForEnd() == 0)
    #expect(!program.error.contains(Self.hint))
  }
}
