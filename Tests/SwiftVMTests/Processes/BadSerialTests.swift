import ProcessSupport
import Testing

/// Places where the serial port cannot lead.
@Suite(.program, .kvm) struct BadSerialTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func run(_ target: String) async throws -> Program.Outcome {
    try await SwiftVMProgram.run(
      SwiftVMProgram.running("serial", ["--on-reboot", "exit", "--serial", target]))
  }

  @Test func `a file in a folder that is missing, and a file that is a folder`() async throws {
    let missing = scratch("none/log")
    expectFailure(
      try await run("file=\(missing)"),
      status: 2, error: "--serial file=\(missing): No such file or directory", hint: "must exist")
    let outcome = try await run("file=\(scratch.path)")
    #expect(outcome.status == 2)
    #expect(outcome.error.hasPrefix("error: --serial file=\(scratch.path): Is a directory\n"))
  }

  @Test(.root) func `a file that may not be written`() async throws {
    let path = try scratch.file("log", Array("mine".utf8))
    let identity = Conditions.asNobody(group: "\"$(stat -c %g /dev/kvm)\"")
    expectFailure(
      try await SwiftVMProgram.shell(
        """
        cp $vm $guests/serial.bin \(scratch.path); cd \(scratch.path)
        exec \(identity) ./swiftvm run --flat serial.bin --on-reboot exit --serial file=\(path)
        """),
      status: 2, error: "--serial file=\(path): Permission denied", hint: "writable by you")
    #expect(try scratch.content("log") == Array("mine".utf8))
  }

  @Test func `a named pipe that nobody reads`() async throws {
    let path = scratch("fifo")
    expectFailure(
      try await SwiftVMProgram.shell(
        "mkfifo \(path); exec $vm run --flat $guests/serial.bin --on-reboot exit --serial file=\(path)"),
      status: 2, error: "--serial file=\(path): ", hint: "start its reader first")
  }

  @Test func `a socket's path that is too long`() async throws {
    let path = scratch(String(repeating: "s", count: 100))
    expectFailure(
      try await run("socket=\(path)"),
      status: 2, error: "--serial socket=\(path): File name too long", hint: "at most 107 bytes")
  }

  @Test func `a socket's path where a file lies, which stays`() async throws {
    let path = try scratch.file("precious", Array("do not touch".utf8))
    expectFailure(
      try await run("socket=\(path)"),
      status: 2, error: "--serial socket=\(path): Address already in use", hint: "stands in the way")
    #expect(try scratch.content("precious") == Array("do not touch".utf8))
  }

  @Test func `a socket's path where somebody listens, who goes on`() async throws {
    let path = scratch("sock")
    let first = try SwiftVMProgram.start("echo", ["--serial", "socket=\(path)", "-v"])
    try first.waitForError("the machine runs")
    expectFailure(
      try await run("socket=\(path)"),
      status: 2, error: "--serial socket=\(path): Address already in use", hint: "another process listens")
    try Connection(socket: path).waitForEcho()
  }

  @Test func `an error after the socket was made takes it away again`() async throws {
    let path = scratch("sock")
    let outcome = try await SwiftVMProgram.run(
      ["run", "-k", scratch.file("notes", Array("text\n".utf8)), "--serial", "socket=\(path)"])
    expectFailure(outcome, status: 2, error: "is a text file", hint: "give a bzImage")
    #expect(!scratch.exists("sock"))
  }
}
