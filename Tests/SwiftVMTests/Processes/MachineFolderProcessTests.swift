import ProcessSupport
import Testing

/// `swiftvm run FOLDER`.
@Suite(.program) struct MachineFolderProcessTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func describe(_ text: String) throws {
    _ = try scratch.file("machine.json", Array(text.utf8))
  }

  @Test(.kvm) func `a folder's guest runs from anywhere`() async throws {
    try describe(#"{"flat": "serial.bin", "memory": 16, "on-reboot": "exit", "serial": "file=said"}"#)
    let outcome = try await SwiftVMProgram.shell(
      "cp $guests/serial.bin \(scratch.path) && cd / && $vm run \(scratch.path)/")
    #expect(outcome.status == 0, "\(outcome.error)")
    #expect(try scratch.content("said") == Array("Hello from real mode\r\n".utf8))
  }

  @Test func `flags win over what the folder says, before it and after it`() async throws {
    try describe(#"{"kernel": "none", "memory": 16, "cpus": 3}"#)
    for words in [
      ["-c", "2", scratch.path, "-k", "other"], [scratch.path, "--kernel", "other", "--cpus=2"],
    ] {
      let outcome = try await SwiftVMProgram.run(["run"] + words + ["--dump-config"])
      #expect(outcome.status == 0, "\(outcome.error)")
      #expect(outcome.output.contains(#""kernel" : "other""#), "\(outcome.output)")
      #expect(outcome.output.contains(#""cpus" : 2"#), "\(outcome.output)")
      #expect(outcome.output.contains(#""memory" : "16M""#), "\(outcome.output)")
    }
  }

  @Test func `what is no folder, or none with a machine`() async throws {
    expectFailure(
      try await SwiftVMProgram.run(["run", scratch("none")]),
      status: 2, error: "folder \(scratch("none")): No such file", hint: "is a folder to run")
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", "vmlinuz", "-a", "quiet", "panic=1"]),
      status: 2, error: "folder panic=1: No such file", hint: "quote kernel arguments")
    expectFailure(
      try await SwiftVMProgram.run(["run", ""]), status: 2, error: "the folder to run has no name",
      hint: "an empty word")
    let file = try scratch.file("vmlinuz", [1])
    expectFailure(
      try await SwiftVMProgram.run(["run", file]), status: 2, error: "\(file) is no folder", hint: "with -k")
    expectFailure(
      try await SwiftVMProgram.run(["run", scratch.path]),
      status: 2, error: "folder \(scratch.path) has no machine.json", hint: "--config")
    expectFailure(
      try await SwiftVMProgram.run(["run", scratch.path, "--config", file]),
      status: 2, error: "both the folder \(scratch.path) and --config given", hint: "flags win")
    expectFailure(
      try await SwiftVMProgram.run(["run", scratch.path, scratch.path]),
      status: 2, error: "\(scratch.path): a second folder to run", hint: "swiftvm run --help")
  }

  private static func padded(_ bytes: [UInt8], at offset: Int = 0, to size: Int) -> [UInt8] {
    let start = [UInt8](repeating: 0, count: offset) + bytes
    return start + [UInt8](repeating: 0, count: size - start.count)
  }

  /// A file's content, what it is, and how it is used.
  static let files: [(content: [UInt8], kind: String, use: String)] = [
    (padded([0x51, 0x46, 0x49, 0xFB], to: 1000), "is a qcow2 disk image", "-d FILE.raw"),
    (padded([0x55, 0xAA], at: 0x1FE, to: 2 << 20), "is a disk image", "-k KERNEL -d FILE"),
    (padded([0x55, 0xAA], at: 0x1FE, to: 512), "is a boot sector or disk image", "run --flat FILE"),
    (padded([0x53, 0xEF], at: 0x438, to: 4096), "is an image of a file system", "-k KERNEL -d FILE"),
    (
      padded(Array("CD001".utf8), at: 0x8001, to: 0x9000), "is an ISO 9660 image (CD or DVD)",
      "-d FILE,readonly=on"
    ),
    (padded(Array("070701".utf8), to: 512), "is a cpio archive", "-k KERNEL -i FILE"),
    (padded([0x1F, 0x8B, 8], to: 512), "is a gzip-compressed file", "unpacked first"),
    (Array(#"{"kernel": "vmlinuz"}"#.utf8), "looks like JSON", "run --config FILE"),
    (padded(Array("\u{7F}ELF".utf8), to: 8), "is a truncated ELF file", "build it again"),
  ]

  @Test(arguments: files) func `a file is no folder, but it is known and used`(
    file: ([UInt8], String, String)
  )
    async throws
  {
    let path = try scratch.file("file", file.0)
    expectFailure(
      try await SwiftVMProgram.run(["run", path]), status: 2, error: "\(path) is no folder: it \(file.1)",
      hint: file.2.replacing("FILE", with: path))
  }

  @Test func `a kernel that is no folder is told how it boots`() async throws {
    let path = "\(Repository.guests)/elf64.elf"
    expectFailure(
      try await SwiftVMProgram.run(["run", path]), status: 2,
      error: "\(path) is no folder: it is a kernel (ELF",
      hint: "`swiftvm run -k \(path)`")
  }

  @Test func `a machine.json that is wrong, or names an image that was not built`() async throws {
    try describe("{")
    expectFailure(
      try await SwiftVMProgram.run(["run", scratch.path]),
      status: 2, error: "\(scratch("machine.json")): ", hint: "--dump-config")
    for key in ["kernel", "flat"] {
      try describe(#"{"\#(key)": "guest.bin"}"#)
      expectFailure(
        try await SwiftVMProgram.run(["run", scratch.path]), status: 2,
        error: "\(scratch("guest.bin")), which \(scratch("machine.json")) names, is not there",
        hint: "make guests")
    }
  }
}
