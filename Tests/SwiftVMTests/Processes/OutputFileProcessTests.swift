import ProcessSupport
import Testing

/// Files that a person has written, where something stands that they must not overwrite.
@Suite(.program, .kvm) struct OutputFileProcessTests {
  private let scratch: Scratch
  private static let content = [UInt8](repeating: 7, count: 4096)

  init() throws {
    scratch = try Scratch()
  }

  private func expectInUse(_ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation)
    async throws
  {
    expectFailure(
      try await SwiftVMProgram.run(arguments), status: 2, error: "is in use", hint: "another file",
      sourceLocation: sourceLocation)
    #expect(try scratch.content("disk") == Self.content, sourceLocation: sourceLocation)
  }

  @Test(arguments: ["--serial file=", "--console file=", "--trace ", "--metrics ", "--boot-chart "])
  func `a disk of the same machine stays as it is`(option: String) async throws {
    let disk = try scratch.file("disk", Self.content)
    let words = "\(option)\(disk)".split(separator: " ").map(String.init)
    for more in ["", ",readonly=on"] {
      try await expectInUse(
        SwiftVMProgram.running("serial", ["--on-reboot", "exit", "-d", disk + more] + words))
    }
  }

  @Test func `nor is another machine's disk or console overwritten`() async throws {
    let disk = try scratch.file("disk", Self.content)
    let log = scratch("log")
    let other = try SwiftVMProgram.start("idle", ["-v", "-d", disk, "--serial", "file=\(log)"])
    try other.waitForError("the machine runs")
    for path in [disk, log] {
      try await expectInUse(
        SwiftVMProgram.running("serial", ["--on-reboot", "exit", "--serial", "file=\(path)"]))
      try await expectInUse(["bench", "exits", "empty", "--json", path])
    }
    expectFailure(
      try await SwiftVMProgram.run(SwiftVMProgram.running("halt", ["-d", log])), status: 2,
      error: "in use by swiftvm", hint: "two machines")
  }

  @Test func `two consoles in one file are refused`() async throws {
    _ = try scratch.file("disk", Self.content)
    let log = scratch("log")
    try await expectInUse(
      SwiftVMProgram.running("halt", ["--serial", "file=\(log)", "--console", "file=\(log)"]))
  }

  @Test func `a result on standard output leaves what a file there begins with`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      "echo before > \(scratch("all")); $vm bench exits empty --samples 20 --repetitions 2 --json - >> \(scratch("all")); head -n 1 \(scratch("all"))"
    )
    #expect(outcome.output == "before\n")
  }
}
