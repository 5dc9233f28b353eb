import ProcessSupport
import Testing

/// Where else the serial port may lead: a pseudo terminal, a file, a socket, nowhere.
@Suite(.program, .kvm) struct SerialTargetProcessTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// 100 KiB of every byte but those that mean something to the echoing guest.
  static let paste: [UInt8] = (0..<102_400).map { index in
    let byte = UInt8(truncatingIfNeeded: index &* 7 &+ index >> 8)
    return byte == 0x04 ? 0x05 : byte
  }

  @Test func `a file has the guest's bytes, and standard output has none`() async throws {
    let path = try scratch.file("log", Array("what was there before, which is longer".utf8))
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("serial", ["--on-reboot", "exit", "--serial", "file=\(path)"]))
    #expect(outcome.status == 0)
    #expect(outcome.output == "")
    #expect(try scratch.content("log") == Array("Hello from real mode\r\n".utf8))
  }

  @Test func `null takes everything and says nothing`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("flood", ["--on-reboot", "exit", "--serial", "null"]))
    #expect(outcome.status == 0)
    #expect(outcome.output == "")
    #expect(outcome.error == "")
  }

  @Test func `a file on a full device is told of once, and the guest goes on`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("flood", ["--on-reboot", "exit", "--serial", "file=/dev/full"]))
    #expect(outcome.status == 0)
    #expect(
      outcome.error.contains(
        /^warning: the console's output \(file=\/dev\/full\) cannot be written: No space left on device; the guest goes on without it, until `kill -INT \d+` ends it [^\n]*\n$/
      ), "\(outcome.error)")
  }

  // MARK: Pseudo terminal

  private func path(of program: RunningProgram) throws -> String {
    let announcement = "serial console: "
    // The line comes whole.
    try program.waitForError(announcement)
    let line = try #require(program.error.split(separator: "\n").first { $0.hasPrefix(announcement) })
    return String(line.dropFirst(announcement.count))
  }

  @Test func `a pseudo terminal that nobody opens does not hold up the guest`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("flood", ["--on-reboot", "exit", "--serial", "pty"]))
    #expect(outcome.status == 0)
    #expect(outcome.output == "")
    #expect(outcome.error.hasPrefix("serial console: /dev/pts/"))
  }

  @Test func `a pseudo terminal carries bytes both ways, as they are, for one person after the other`() throws
  {
    let program = try SwiftVMProgram.start("echo", ["--serial", "pty"])
    let path = try path(of: program)
    for _ in 0..<2 {
      let person = try Connection(terminal: path)
      try person.waitForEcho()
      person.send(Self.paste)
      try person.wait(count: Self.paste.count)
      #expect(person.received == Self.paste)
    }
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  // MARK: Socket

  private func start(_ guest: String = "echo") throws -> RunningProgram {
    let program = try SwiftVMProgram.start(guest, ["--serial", "socket=\(scratch("sock"))", "-v"])
    try program.waitForError("the machine runs")
    return program
  }

  @Test func `a socket carries bytes both ways, and is gone at the end`() throws {
    let program = try start()
    let client = try Connection(socket: scratch("sock"))
    try client.waitForEcho()
    client.send(Self.paste)
    try client.wait(count: Self.paste.count)
    #expect(client.received == Self.paste)
    #expect(scratch.exists("sock"))
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    #expect(!scratch.exists("sock"))
    try client.waitForEnd()
    #expect(program.output.isEmpty)
  }

  @Test func `a second client is turned away, and the first goes on`() throws {
    let program = try start()
    let first = try Connection(socket: scratch("sock"))
    try first.waitForEcho()
    let second = try Connection(socket: scratch("sock"))
    try second.waitForEnd()
    #expect(second.received.isEmpty)
    try first.waitForEcho()
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `one client goes and another comes`() throws {
    let program = try start()
    for _ in 0..<3 { try Connection(socket: scratch("sock")).waitForEcho() }
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `a client who left a guest that does not read makes room for another`() throws {
    let program = try start("idle")
    var first: Connection? = try Connection(socket: scratch("sock"))
    try program.waitForError("a client connected")
    first?.send([UInt8](repeating: UInt8(ascii: "x"), count: 5000))
    try first?.waitUntilSent()
    first = nil
    _ = first
    let second = try Connection(socket: scratch("sock"))
    try program.waitForError("the client left")
    try program.waitForError(count: 2, "a client connected")
    withExtendedLifetime(second) {}
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `a socket that a killed process left is replaced`() throws {
    let killed = try start()
    killed.signal(9)
    #expect(try killed.waitForEnd() == 128 + 9)
    #expect(scratch.exists("sock"))
    let program = try start()
    try Connection(socket: scratch("sock")).waitForEcho()
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    #expect(!scratch.exists("sock"))
  }

  @Test(arguments: [false, true])
  func `a bystander who does not read holds up no guest, and is told what he missed`(isTerminal: Bool) throws
  {
    let target = isTerminal ? "pty" : "socket=\(scratch("sock"))"
    let program = try SwiftVMProgram.start("torrent", ["--serial", target, "-v"])
    let bystander = try isTerminal ? Connection(terminal: path(of: program)) : socketClient(of: program)
    try program.waitForError(count: 3, "the guest reset the machine")
    try bystander.wait(for: "bytes of output dropped here")
    // He has the console for himself again.
    try bystander.wait(count: bystander.received.count + 100_000)
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  private func socketClient(of program: RunningProgram) throws -> Connection {
    try program.waitForError("the machine runs")
    return try Connection(socket: scratch("sock"))
  }

  @Test func `a client who does not read costs nothing, and is told where the guest is silent too`()
    async throws
  {
    let program = try SwiftVMProgram.start("silent-torrent", ["--serial", "socket=\(scratch("sock"))", "-v"])
    let client = try socketClient(of: program)
    client.send([UInt8(ascii: "!")])
    // The CPU time of each thread: ever more where the guest is not done, or somebody goes on looking.
    let times = "sed 's/.*) //' /proc/\(program.id)/task/*/stat | cut -d ' ' -f 12,13; sleep 1.5"
    var seen = ["", try await SwiftVMProgram.shell(times).output]
    for _ in 0..<100 where seen[0] != seen[1] {
      seen = [seen[1], try await SwiftVMProgram.shell(times).output]
    }
    #expect(seen[0] == seen[1])
    try client.wait(for: "bytes of output dropped here")
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `a client who does not read holds up neither signals nor the machine's end`() throws {
    let program = try start("chatter")
    let client = try Connection(socket: scratch("sock"))
    try program.waitForError("a client connected")
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
    withExtendedLifetime(client) {}
  }
}
