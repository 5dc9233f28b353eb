import ProcessSupport
import SystemPackage
import Testing

@testable import swiftvm

/// Disks that cannot be had. Each error names the disk, and each hint what to do.
@Suite(.program) struct BadDiskTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  private func image(_ name: String = "disk.img", size: Int = 4096, start: [UInt8] = []) throws -> String {
    try scratch.file(name, start + [UInt8](repeating: 0, count: size - start.count))
  }

  private func run(_ disk: String, _ more: [String] = []) async throws -> Program.Outcome {
    try await SwiftVMProgram.run(SwiftVMProgram.running("halt", ["-d", disk] + more))
  }

  @Test func `a missing disk, a directory and what is neither file nor device`() async throws {
    expectFailure(
      try await run(scratch("none")), status: 2, error: "disk \(scratch("none")): No such file",
      hint: "truncate -s 10G")
    expectFailure(
      try await run(scratch.path), status: 2, error: "disk \(scratch.path): is a directory",
      hint: "image file")
    expectFailure(try await run("/dev/null"), status: 2, error: "neither a file nor", hint: "block device")
    expectFailure(
      try await SwiftVMProgram.shell(
        "mkfifo \(scratch("pipe")); $vm run --flat $guests/halt.bin -d \(scratch("pipe"))"),
      status: 2, error: "neither a file nor", hint: "block device")
  }

  @Test func `sizes that no disk has`() async throws {
    expectFailure(
      try await run(scratch.file("empty", [])), status: 2, error: "is empty", hint: "truncate -s 10G")
    expectFailure(
      try await run(image(size: 1000)), status: 2, error: "its 1000 bytes are no multiple of 512",
      hint: "truncate -s %512")
  }

  /// What a guest wrote may name any file of the host, which qemu-img would copy: that comes last.
  @Test(arguments: ForeignDiskTests.images, [4096, 1001])
  func `an image of another format, of whatever size`(image: (ForeignDisk, [UInt8]), size: Int) async throws {
    let (format, header) = image
    let path = try self.image(size: size, start: header)
    let outcome = try await run(path)
    expectFailure(
      outcome, status: 2, error: "is a \(format.name) image", hint: "hint: format=raw takes it as it is")
    #expect(outcome.error.contains("`qemu-img convert -f \(format.rawValue) -O raw \(path) \(path).raw`"))
    #expect(!outcome.error.contains("truncate"))
  }

  @Test func `a compressed image is to be unpacked, not to be padded`() async throws {
    expectFailure(
      try await run(image("disk.img.xz", size: 1000, start: [0xFD, 0x37, 0x7A, 0x58, 0x5A, 0])), status: 2,
      error: "is an xz-compressed file", hint: "unpack it")
  }

  @Test func `nor is one to be padded that is asked for as it is`() async throws {
    let path = try image(size: 1000, start: [0x51, 0x46, 0x49, 0xFB])
    let outcome = try await run("\(path),format=raw")
    expectFailure(
      outcome, status: 2, error: "its 1000 bytes are no multiple of 512",
      hint: "it is a qcow2 image: `qemu-img")
    #expect(!outcome.error.contains("truncate"))
  }

  @Test func `a disk that may not be opened, or not be written`() async throws {
    let secret = try scratch.file("secret", [UInt8](repeating: 0, count: 512), permissions: [])
    let readable = try scratch.file(
      "public", [UInt8](repeating: 0, count: 512), permissions: [.ownerRead, .groupRead, .otherRead])
    _ = try await SwiftVMProgram.shell(
      "cp $vm \(scratch("swiftvm")); cp $guests/halt.bin \(scratch("halt.bin"))")
    let prefix = Conditions.isRoot ? Conditions.asNobody() : ""
    for path in [secret, readable] {
      expectFailure(
        try await SwiftVMProgram.shell(
          "\(prefix) \(scratch("swiftvm")) run --flat \(scratch("halt.bin")) -d \(path)"),
        status: 2, error: "disk \(path): Permission denied", hint: "readonly=on")
    }
  }

  @Test(.root) func `a device that is not there any more`() async throws {
    // Numbers of a driver for tests, which no distribution has.
    let made = try await SwiftVMProgram.shell("mknod \(scratch("gone")) b 240 77")
    try #require(made.status == 0, "\(made.error)")
    expectFailure(
      try await run(scratch("gone")), status: 2, error: "disk \(scratch("gone")): No such device",
      hint: "lsblk")
  }

  @Test(.mountNamespace) func `a disk on a read-only file system`() async throws {
    let path = scratch("mount/disk.img")
    let line = """
      export vm guests; mkdir \(scratch("mount")); unshare -rm bash -c '
      mount -t tmpfs none \(scratch("mount")); truncate -s 1M \(path); mount -o remount,ro \(scratch("mount"))
      $vm run --flat $guests/halt.bin -d \(path)'
      """
    expectFailure(
      try await SwiftVMProgram.shell(line), status: 2, error: "disk \(path): Read-only file system",
      hint: "readonly=on")
  }

  @Test func `too many disks`() async throws {
    let path = try image()
    let disks = (0..<31).flatMap { _ in ["-d", "\(path),readonly=on"] }
    expectFailure(
      try await SwiftVMProgram.run(SwiftVMProgram.running("halt", disks)), status: 2,
      error: "31 disks asked for, a machine has room for 21", hint: "give fewer")
  }

  @Test func `a disk given twice`() async throws {
    let path = try image()
    expectFailure(
      try await run(path, ["-d", path]), status: 2, error: "disk \(path): given twice", hint: "readonly=on")
  }

  @Test func `a file system that has to have its cache`() async throws {
    // Read, never written: no file of procfs can be opened with O_DIRECT.
    expectFailure(
      try await run("/proc/version,readonly=on,cache=none"), status: 2, error: "O_DIRECT", hint: "cache=none")
  }

  @Test(.kvm) func `a disk that another machine uses, unless both only read`() async throws {
    let path = try image()
    // The console's greeting comes from a guest that runs.
    let line = """
      start() { coproc $vm run -m 16 --flat $guests/silent.bin -v -d $1 2>&1; machine=$COPROC_PID
        while read -r said <&"${COPROC[0]}"; do case $said in *'the machine runs'*) break ;; esac; done; }
      start \(path)
      $vm run --flat $guests/halt.bin -d \(path); echo "status $?"; echo "process $machine"
      $vm run --flat $guests/halt.bin -d \(path),readonly=on; echo "status $?"
      kill -INT $machine; wait $machine
      start \(path),readonly=on
      timeout -s INT 2 $vm run -m 16 --flat $guests/silent.bin -d \(path),readonly=on; echo "status $?"
      $vm run --flat $guests/halt.bin -d \(path); echo "status $?"
      kill -INT $machine
      """
    let outcome = try await SwiftVMProgram.shell(line)
    let lines = outcome.output.split(separator: "\n")
    let process = lines.first { $0.hasPrefix("process ") }?.dropFirst(8) ?? "none"
    let complaint = "error: disk \(path): in use by swiftvm (process \(process))"
    #expect(lines.filter { $0.hasPrefix("status ") } == ["status 2", "status 2", "status 124", "status 2"])
    let complaints = outcome.error.split(separator: "\n").filter { $0.hasPrefix("error:") }
    #expect(complaints.count == 3 && complaints.prefix(2).allSatisfy { $0 == complaint }, "\(outcome.error)")
  }
}
