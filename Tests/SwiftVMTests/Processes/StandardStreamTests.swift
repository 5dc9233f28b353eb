import ProcessSupport
import Testing

/// Standard input and output that are pipes, files, or not there at all.
@Suite(.program, .kvm) struct StandardStreamTests {
  private static let flood = String(
    repeating: "a line of forty-eight characters and a line end.\r\n", count: 3000)
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  @Test(arguments: ["</dev/null", "<&-", "< <(:)", "< $guests/serial.bin"])
  func `the guest goes on without input`(redirection: String) async throws {
    let outcome = try await SwiftVMProgram.shell(
      "exec $vm run --flat $guests/flood.bin -m 16 --on-reboot exit \(redirection)")
    #expect(outcome.status == 0)
    #expect(outcome.output == Self.flood)
    #expect(outcome.error == "")
  }

  @Test func `the guest gets what came before the input's end, and goes on`() throws {
    let program = try SwiftVMProgram.start("echo")
    try program.waitForOutput("ready")
    program.send("before")
    try program.endInput()
    try program.waitForOutput("before")
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `a file is read to its end`() async throws {
    let keys = String(repeating: "x", count: 9000) + "end"
    let path = try scratch.file("keys", Array("\(keys)\u{04}".utf8))
    let outcome = try await SwiftVMProgram.shell(
      "exec $vm run --flat $guests/echo.bin -m 16 --on-reboot exit < \(path)")
    #expect(outcome.status == 0)
    #expect(outcome.output == "ready\r\n" + keys)
  }

  @Test(arguments: ["echo", "bare-echo"])
  func `what is piped in before the guest is there is not lost`(guest: String) async throws {
    let outcome = try await SwiftVMProgram.shell(
      "printf 'first and last\\004' | $vm run --flat $guests/\(guest).bin -m 16 --on-reboot exit")
    #expect(outcome.status == 0)
    #expect(outcome.output == "ready\r\nfirst and last")
  }

  @Test func `100 KiB pasted at once come back complete`() throws {
    let program = try SwiftVMProgram.start("echo")
    try program.waitForOutput("ready\r\n")
    let paste = SerialTargetProcessTests.paste
    program.send(paste)
    try program.waitForOutput(count: 7 + paste.count)
    #expect(Array(program.output.dropFirst(7)) == paste)
    program.send([0x04])
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }

  @Test func `a reader who leaves is told of once, and the guest goes on to its end`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      $vm run --flat $guests/flood.bin -m 16 --on-reboot exit -v | head -n 1
      echo status ${PIPESTATUS[0]}
      """)
    #expect(outcome.output.hasSuffix("status 0\n"))
    let lines = outcome.error.split(separator: "\n")
    #expect(
      lines.count { $0.contains("warning: the console's output (stdio) cannot be written: Broken pipe") } == 1
    )
    #expect(lines.last?.contains("the guest reset the machine") == true)
  }

  @Test func `what is told when a reader leaves ends a guest that has no end`() async throws {
    let error = scratch("error")
    let outcome = try await SwiftVMProgram.shell(
      """
      ($vm run --flat $guests/chatter.bin -m 16 2>\(error); echo "status $?" >&2) | head -c 40 >/dev/null &
      until way=$(grep -os 'kill -INT [0-9]*' \(error)); do sleep 0.05; done
      eval "$way"; wait
      """)
    #expect(outcome.error == "status 0\n")
  }

  @Test func `a full device is told of, and the guest goes on to its end`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      "exec $vm run --flat $guests/flood.bin -m 16 --on-reboot exit > /dev/full")
    #expect(outcome.status == 0)
    #expect(outcome.error.contains("cannot be written: No space left on device"))
  }

  @Test func `closed standard output is nowhere`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      "exec $vm run --flat $guests/flood.bin -m 16 --on-reboot exit >&-")
    #expect(outcome.status == 0)
    #expect(outcome.error == "")
  }

  @Test func `with all three closed no file of ours takes their place`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      exec $vm run --flat $guests/flood.bin -m 16 --on-reboot exit -v --serial file=\(scratch("log")) <&- >&- 2>&-
      """)
    #expect(outcome.status == 0)
    #expect(try scratch.content("log") == Array(Self.flood.utf8))
  }

  @Test func `errors with standard error closed still have their status`() async throws {
    let outcome = try await SwiftVMProgram.shell("exec $vm run -k \(scratch("none")) 2>&-")
    #expect(outcome.status == 2)
    #expect(outcome.output == "")
  }

  /// A standard error that is a full pipe, which nobody reads.
  private var fullPipe: String {
    "mkfifo \(scratch("full")); exec 3<> \(scratch("full")); head -c 65536 /dev/zero >&3"
  }

  @Test(arguments: [
    ("-k $guests/elf64.elf", Int32(0)), ("--flat $guests/triple.bin --on-reboot exit --exit-stats", 0),
    ("--flat $guests/lost.bin", 3),
  ])
  func `a full pipe on standard error holds up no end`(arguments: String, status: Int32) async throws {
    let outcome = try await SwiftVMProgram.shell(
      "\(fullPipe); exec $vm run \(arguments) -m 16 -v 2>&3")
    #expect(outcome.status == status)
  }

  @Test func `a full pipe on standard error holds up no signal`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      \(fullPipe)
      $vm run --flat $guests/idle.bin -m 16 -v --shutdown-timeout 1 2>&3 > \(scratch("out")) &
      until grep -q up \(scratch("out")); do sleep 0.05; done
      kill -TERM $!
      wait $!
      """)
    #expect(outcome.status == 0)
  }

  @Test func `a reader who does not read holds up no signal`() throws {
    let program = try SwiftVMProgram.start("chatter", ["-v"])
    try program.waitForError("the machine runs")
    program.signal(2)
    #expect(try program.waitForEnd() == 0)
  }
}
