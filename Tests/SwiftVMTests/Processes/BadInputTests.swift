import ProcessSupport
import SystemPackage
import Testing

/// What a person gives wrongly. Each error names the object, and each hint what to do.
@Suite(.program) struct BadInputTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func kernel(_ bytes: [UInt8] = BadKernel.bzImage()) throws -> String {
    try scratch.file("vmlinuz", bytes)
  }

  // MARK: Files

  @Test func `no kernel`() async throws {
    expectFailure(try await SwiftVMProgram.run(["run"]), status: 2, error: "no kernel given", hint: "-k FILE")
  }

  @Test(arguments: [(["-k"], "kernel"), (["--flat"], "flat image"), (["-k", "/dev/null", "-i"], "initrd")])
  func `a missing file`(flags: [String], part: String) async throws {
    guard flags.count == 1 else {
      let outcome = try await SwiftVMProgram.run(["run", "-k", kernel(), "-i", scratch("none")])
      return expectFailure(
        outcome, status: 2, error: "initrd \(scratch("none")): No such file", hint: "check the path")
    }
    expectFailure(
      try await SwiftVMProgram.run(["run"] + flags + [scratch("none")]),
      status: 2, error: "\(part) \(scratch("none")): No such file", hint: "check the path")
  }

  @Test func `a file that may not be read`() async throws {
    let path = try scratch.file("secret", BadKernel.bzImage(), permissions: [])
    // Root may read everything, and has to become somebody else first.
    _ = try await SwiftVMProgram.shell("cp $vm \(scratch("swiftvm"))")
    let prefix = Conditions.isRoot ? Conditions.asNobody() : ""
    for (flags, part) in [("-k \(path)", "kernel"), ("-k \(try kernel()) -i \(path)", "initrd")] {
      expectFailure(
        try await SwiftVMProgram.shell("\(prefix) \(scratch("swiftvm")) run \(flags)"),
        status: 2, error: "\(part) \(path): Permission denied", hint: "must be readable by you")
    }
  }

  @Test func `a directory`() async throws {
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", scratch.path]),
      status: 2, error: "kernel \(scratch.path) is a directory", hint: "give a file in it")
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "-i", scratch.path]),
      status: 2, error: "initrd \(scratch.path) is a directory", hint: "give a file in it")
  }

  @Test func `a pipe, with a writer or without`() async throws {
    expectFailure(
      try await SwiftVMProgram.shell("$vm run -k <(cat $guests/elf64.elf)"),
      status: 2, error: "is a pipe, not a file", hint: "write it to a file first")
    expectFailure(
      try await SwiftVMProgram.shell("mkfifo \(scratch("fifo")); $vm run -k \(scratch("fifo"))"),
      status: 2, error: "kernel \(scratch("fifo")) is a pipe", hint: "write it to a file first")
  }

  @Test(.kvm, arguments: BadKernel.all)
  func `a file that is no kernel for this machine`(bad: BadKernel) async throws {
    let path = try scratch.file(bad.name, bad.bytes)
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", path, "-m", "64"]),
      status: 2, error: "kernel \(path) \(bad.error)", hint: bad.hint)
  }

  @Test(.kvm) func `a flat image that is empty or too long`() async throws {
    let empty = try scratch.file("empty", [])
    expectFailure(
      try await SwiftVMProgram.run(["run", "--flat", empty]),
      status: 2, error: "flat image \(empty) is empty", hint: "again")
    let long = try scratch.file("long", [UInt8](repeating: 0x90, count: 700_000))
    expectFailure(
      try await SwiftVMProgram.run(["run", "--flat", long]),
      status: 2, error: "flat image \(long) has 700000 bytes", hint: "kernels go with -k")
  }

  @Test(.kvm) func `an initrd that does not fit, or is empty`() async throws {
    let initrd = scratch("initrd.img")
    _ = try await SwiftVMProgram.shell("truncate -s 100M \(initrd)")
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "-i", initrd, "-m", "64"]),
      status: 2, error: "initrd \(initrd) has 100 MiB", hint: "-m 132")
    let empty = try scratch.file("empty", [])
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "-i", empty]),
      status: 2, error: "initrd \(empty) is empty", hint: "leave it out")
  }

  // MARK: Amounts

  @Test(.kvm) func `too little memory for the kernel`() async throws {
    let path = try kernel(BadKernel.bzImage(initSize: 64 << 20))
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", path, "-m", "32"]),
      status: 2, error: "kernel \(path) needs at least 80 MiB of memory to start, the machine has 32 MiB",
      hint: "-m 80")
  }

  @Test(
    .kvm,
    arguments: [
      ("0", "0 bytes of memory are too few", "-m 512"),
      ("512K", "524288 bytes of memory are too few", "-m 512"),
      ("4095T", "4293918720 MiB of memory asked for", "or less"),
      ("lots", "--memory lots: not an amount of memory", "512M or 2G"),
      ("-5", "--memory -5: not an amount of memory", "512M or 2G"),
      ("99999999999999999999", "--memory 99999999999999999999: not an amount", "512M or 2G"),
    ])
  func `an amount of memory that cannot be`(size: String, error: String, hint: String) async throws {
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "-m", size]), status: 2, error: error, hint: hint)
  }

  @Test(
    .kvm,
    arguments: [
      ("0", "a machine needs at least 1 vCPU", "-c 1 or more"),
      ("1000000", "1000000 vCPUs asked for", "or fewer"),
      ("two", "-c two: no whole number from 0 to", "write -c N"),
    ])
  func `a number of vCPUs that cannot be`(count: String, error: String, hint: String) async throws {
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "-c", count]), status: 2, error: error, hint: hint)
  }

  // MARK: Command line

  @Test(.kvm) func `a command line over the kernel's limit`() async throws {
    let line = String(repeating: "x", count: 3000)
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "--append-only", line]),
      status: 2, error: "the kernel command line has 3000 bytes, this kernel takes 2047", hint: "shorten it")
  }

  @Test(.kvm) func `a newline in the command line`() async throws {
    expectFailure(
      try await SwiftVMProgram.run(["run", "-k", kernel(), "-a", "quiet\nroot=/dev/vda"]),
      status: 2, error: "the kernel command line has a newline at position 20", hint: "by spaces")
  }

  @Test func `a NUL in the command line`() async throws {
    let config = try scratch.file(
      "vm.json", Array(#"{"kernel": "\#(try kernel())", "append-only": "a\u0000b"}"#.utf8))
    expectFailure(
      try await SwiftVMProgram.run(["run", "--config", config]),
      status: 2, error: "key \"append-only\": there is a NUL", hint: "no option such a value")
  }

  // MARK: Configuration

  @Test func `a configuration file that is missing, malformed or has an unknown key`() async throws {
    expectFailure(
      try await SwiftVMProgram.run(["run", "--config", scratch("none")]),
      status: 2, error: "configuration \(scratch("none")): No such file", hint: "check the path")
    for (text, error, hint) in [
      ("{\"kernel\": ", "vm.json: ", "--dump-config"),
      ("{\"cpus\": \"two\"}", "vm.json: key \"cpus\": ", "--dump-config"),
      ("{\"memmory\": 1}", "vm.json: unknown key \"memmory\"", "did you mean \"memory\"?"),
    ] {
      let path = try scratch.file("vm.json", Array(text.utf8))
      expectFailure(
        try await SwiftVMProgram.run(["run", "--config", path]), status: 2, error: error, hint: hint)
    }
  }

  @Test(.kvm) func `what --dump-config prints runs the same machine, and flags win over it`() async throws {
    let dump = try await SwiftVMProgram.run(
      SwiftVMProgram.running("serial", ["--on-reboot", "exit", "-c", "2", "--dump-config"]))
    #expect(dump.status == 0)
    #expect(dump.error == "")
    let path = try scratch.file("vm.json", Array(dump.output.utf8))
    let again = try await SwiftVMProgram.run(["run", "--config", path, "--dump-config"])
    #expect(again.output == dump.output)
    let run = try await SwiftVMProgram.run(["run", "--config", path])
    #expect(run.status == 0)
    #expect(run.output == "Hello from real mode\r\n")
    let other = try await SwiftVMProgram.run([
      "run", "--config", path, "-k", "\(Repository.guests)/elf64.elf",
    ])
    #expect(other.status == 0)
    #expect(other.output == "Hello from long mode\r\n")
  }

  // MARK: Arguments

  @Test(arguments: [
    (["run", "--kernal", "k"], "there is no option --kernal", "did you mean --kernel?"),
    (["run", "-nographic", "-kernel", "k"], "there is no option -nographic", "leave it out"),
    (["run", "-k"], "-k: its value is missing", "write -k FILE"),
    (["doctor", "--xml"], "there is no option --xml", "swiftvm doctor --help"),
    (["rum"], "there is no command rum", "did you mean `swiftvm run`?"),
    (["ps"], "there is no command ps", "swiftvm list"),
    (["run", "-k", "a", "--flat", "b"], "both --kernel and --flat given", "one of the two"),
    (["run", "--flat", "b", "-i", "c"], "a flat image takes no initrd", "-k"),
    (["run", "-k", "a", "--serial", "tty"], "--serial tty: no such target", "socket=PATH"),
    (["run", "-k", "a", "--on-reboot", "panic"], "--on-reboot panic: no such policy", "reset or exit"),
  ])
  func `an argument that is none`(arguments: [String], error: String, hint: String) async throws {
    expectFailure(try await SwiftVMProgram.run(arguments), status: 2, error: error, hint: hint)
  }
}
