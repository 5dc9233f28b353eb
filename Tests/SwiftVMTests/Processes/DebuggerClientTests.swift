import CLinux
import Glibc
import ProcessSupport
import Testing

/// Clients that gdb is not, and addresses that cannot be had.
@Suite(.program, .kvm) struct DebuggerClientTests {
  private static let debugged = ["-k", Debugger.image]

  @Test func `a client that disappears in the middle of a packet leaves the guest as it was`() throws {
    let debugger = try Debugger(Self.debugged)
    var client: RawClient? = try debugger.connect()
    #expect(try client?.ask("?") == "T02thread:1;")
    // In `add` and in `tell`.
    #expect(try client?.ask("Z0,20114c,1") == "OK")
    #expect(try client?.ask("Z1,20112e,1") == "OK")
    #expect(try client?.ask("vCont;c").hasPrefix("T05thread:1;") == true)
    client?.send(Array("$M200000,8:0011".utf8))
    try client?.waitUntilSent()
    client = nil
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "7\n")
    #expect(debugger.program.error.contains("gdb: the client left"))
  }

  @Test func `a client that disappears while the guest runs leaves it running`() throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/echo.bin"], waits: false)
    try debugger.program.waitForOutput("ready\r\n")
    var client: RawClient? = try debugger.connect()
    #expect(try client?.ask("?").hasPrefix("T02") == true)
    // Where the guest never comes, and a watch where it never writes.
    #expect(try client?.ask("Z0,7000,1") == "OK")
    #expect(try client?.ask("Z2,7100,8") == "OK")
    client?.send("c")
    debugger.program.send("a")
    try debugger.program.waitForOutput("a")
    client = nil
    try debugger.program.waitForError("the client left")
    debugger.program.send("b\u{4}")
    try debugger.program.waitForOutput("b")
    debugger.program.signal(SIGINT)
    #expect(try debugger.program.waitForEnd() == 0)
  }

  @Test func `garbage is answered or ignored, and the guest goes on when the client does`() throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/echo.bin"], waits: false)
    try debugger.program.waitForOutput("ready\r\n")
    for round in 1...3 {
      try talkNonsense(to: debugger, round)
      // A process that another test starts may hold the connection for a moment.
      try debugger.program.waitForError(count: round, "the client left")
    }
    debugger.program.send("!")
    try debugger.program.waitForOutput("!")
    debugger.program.signal(SIGINT)
    #expect(try debugger.program.waitForEnd() == 0)
  }

  /// Sends what is no request, and then three that are.
  private func talkNonsense(to debugger: Debugger, _ round: Int) throws {
    let client = try debugger.connect()
    var numbers = SystemRandomNumberGenerator()
    client.send(
      (0..<5000).map { _ in UInt8.random(in: 0x20...0x7E, using: &numbers) }.filter { $0 != 0x24 })
    client.send([UInt8](repeating: UInt8(ascii: "$"), count: 100))
    client.send(Array("$".utf8) + [UInt8](repeating: UInt8(ascii: "a"), count: 100_000) + Array("#00".utf8))
    client.send("m\(String(round, radix: 16)),ffffffffffffffff")
    // None of it was a request; the first answer is to this one.
    #expect(try client.reply().count > 1000)
    #expect(try client.ask("X0,ffff:abc") == "E16")
    #expect(try client.ask("nonsense") == "")
  }

  @Test func `a second client is turned away, and the first one stays`() throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/idle.bin"], waits: false)
    let first = try debugger.connect()
    #expect(try first.ask("?").hasPrefix("T02") == true)
    let second = try debugger.connect()
    try second.waitForEnd()
    #expect(try first.ask("qC") == "QC1")
    debugger.program.signal(SIGINT)
    #expect(try debugger.program.waitForEnd() == 0)
  }

  @Test func `a client that does not read what it asked for does not grow the process`() throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/idle.bin"], waits: false)
    let client = try debugger.connect()
    #expect(try client.ask("QStartNoAckMode") == "OK")
    // 64 MiB of answers, if they were made.
    for _ in 0..<4096 { client.send("m0,2000") }
    for _ in 0..<4 { #expect(try client.reply().count == 0x4000) }
    debugger.program.signal(SIGINT)
    #expect(try debugger.program.waitForEnd() == 0)
  }

  @Test func `the socket is the user's alone, and gone at the end`() throws {
    let debugger = try Debugger(["--flat", "\(Repository.guests)/idle.bin"], waits: false)
    var status = stat()
    // The call fills the local structure and keeps nothing of the path.
    #expect(unsafe stat(debugger.socket, &status) == 0)
    #expect(status.st_mode & 0o777 == 0o600)
    #expect(debugger.program.error.contains("gdb: target remote \(debugger.socket)\n"))
    debugger.program.signal(SIGINT)
    #expect(try debugger.program.waitForEnd() == 0)
    // The call keeps nothing of the path.
    #expect(unsafe access(debugger.socket, F_OK) != 0)
  }

  @Test func `a machine that waits for gdb ends when asked to`() throws {
    let debugger = try Debugger(Self.debugged)
    #expect(debugger.program.error.contains("which the guest waits for"))
    debugger.program.signal(SIGINT)
    #expect(try debugger.program.waitForEnd() == 0)
    #expect(debugger.program.outputText == "")
  }

  @Test(.gdb, .networkNamespace)
  func `a port is the loopback's, and one that is taken says by whom to find out`() async throws {
    let outcome = try await SwiftVMProgram.inNamespace(
      """
      ip link set lo up
      ip link add dummy0 type dummy; ip address add 10.9.9.9/24 dev dummy0; ip link set dummy0 up
      $vm run -k $guests/debugged.elf -m 16 --gdb 1234 --gdb-wait > $scratch/out &
      id=$!
      until ss -ltn | grep -q :1234; do sleep 0.1; done
      ss -ltn | grep :1234
      $vm run -k $guests/debugged.elf -m 16 --gdb 1234
      echo "status $?"
      gdb -nx -batch -ex 'target remote :1234' -ex 'break add' -ex continue -ex 'kill' $guests/debugged.elf
      wait $id
      echo "ended $?"
      """)
    #expect(outcome.output.contains("127.0.0.1:1234"), "\(outcome.output)\(outcome.error)")
    #expect(!outcome.output.contains("0.0.0.0:1234"))
    #expect(
      outcome.error.contains("error: --gdb 1234: Address already in use\nhint: `ss -ltnp sport = :1234`"),
      "\(outcome.error)")
    #expect(outcome.output.contains("status 2"))
    #expect(outcome.output.contains("Breakpoint 1, "), "\(outcome.output)")
    #expect(outcome.output.contains("ended 0"))
  }

  @Test(arguments: [
    (["--gdb", "unix=/no/such/folder/gdb"], "--gdb unix=/no/such/folder/gdb: ", "must exist"),
    (["--gdb", "unix=/etc/passwd"], "--gdb unix=/etc/passwd: ", "stands in the way"),
    (["--gdb", "70000"], "--gdb 70000: neither a port nor a socket", "1 to 65535"),
    (["--gdb", "0"], "--gdb 0: neither", "1 to 65535"),
    (["--gdb", "unix="], "--gdb unix=: neither", "unix=PATH"),
    (["--gdb", "0.0.0.0:1234"], "neither a port", "loopback"),
    (["--gdb-wait"], "--gdb-wait without --gdb", "--gdb 1234"),
  ])
  func `an address that cannot be had is refused`(options: [String], error: String, hint: String) async throws
  {
    expectFailure(
      try await SwiftVMProgram.run(SwiftVMProgram.running("halt", options)), status: 2, error: error,
      hint: hint)
  }
}
