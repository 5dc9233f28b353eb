import ProcessSupport
import Testing

@testable import swiftvm

/// What the host lacks. Every one of these ends with 4, and leaves nothing behind.
@Suite(.program) struct BadHostTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// Runs a line of bash as root of a mount table of its own, where `kvm` is on /dev/kvm.
  private func withMounts(_ mounts: String, _ line: String) async throws -> Program.Outcome {
    try await SwiftVMProgram.shell(
      "export vm guests; exec unshare -rm bash -c '\(mounts); \(line)'")
  }

  private let run = "$vm run --flat $guests/serial.bin --on-reboot exit --serial"

  // MARK: KVM

  @Test(.mountNamespace) func `no /dev/kvm`() async throws {
    expectFailure(
      try await withMounts("mount -t tmpfs none /dev", "\(run) socket=\(scratch("sock"))"),
      status: 4, error: "/dev/kvm: No such file or directory", hint: "load kvm_intel or kvm_amd")
    #expect(!scratch.exists("sock"))
  }

  @Test(.mountNamespace) func `a /dev/kvm that is not KVM`() async throws {
    expectFailure(
      try await withMounts("touch \(scratch("kvm")); mount --bind /dev/zero /dev/kvm", "\(run) stdio"),
      status: 4, error: "/dev/kvm is not a KVM device", hint: "swiftvm doctor")
  }

  @Test(.root, .kvm) func `a /dev/kvm that may not be opened`() async throws {
    let lines = "cp $vm $guests/serial.bin \(scratch.path); cd \(scratch.path); exec \(Conditions.asNobody())"
    expectFailure(
      try await SwiftVMProgram.shell("\(lines) ./swiftvm run --flat serial.bin"),
      status: 4, error: "/dev/kvm: Permission denied", hint: "usermod -aG kvm")
  }

  // MARK: Limits

  @Test(.kvm) func `too few descriptors, however few, is an error that says so and leaves no socket`()
    async throws
  {
    var enough: [Int] = []
    for limit in 3...40 {
      let outcome = try await SwiftVMProgram.shell(
        "ulimit -n \(limit); exec \(run) socket=\(scratch("sock"))")
      #expect(!scratch.exists("sock"), "left behind with \(limit) descriptors")
      if outcome.status == 0 {
        enough.append(limit)
      } else {
        expectFailure(
          outcome, status: 4, error: limit == 3 ? "cannot read the arguments" : "Too many open files",
          hint: "ulimit -n")
      }
    }
    // Once there are enough there are enough, and forty are.
    #expect(enough.first.map { Array($0...40) } == enough)
  }

  private static let overcommits = HostMemory.ofThisHost()?.promisable == nil

  @Test(.kvm, .enabled(if: overcommits, "this host does not overcommit memory"))
  func `more memory than the host has is warned of, with both numbers`() async throws {
    let host = try #require(HostMemory.ofThisHost()).total >> 20
    for more in [0, 1] as [UInt64] {
      let outcome = try await SwiftVMProgram.run([
        "run", "--flat", "\(Repository.guests)/serial.bin", "--on-reboot", "exit", "-m", "\(host + more)",
      ])
      #expect(outcome.status == 0, "\(outcome.error)")
      let warning =
        "warning: the guest is to have \(host + more) MiB of memory, and this host has \(host) MiB: "
      #expect(more == 0 ? outcome.error == "" : outcome.error.hasPrefix(warning), "\(outcome.error)")
    }
  }

  @Test(.kvm, .mountNamespace) func `more memory than a host without overcommit promises is refused`()
    async throws
  {
    _ = try scratch.file("policy", Array("2\n".utf8))
    _ = try scratch.file(
      "meminfo",
      Array("MemTotal: 4194304 kB\nCommitLimit:    2097152 kB\nCommitted_AS:    1048576 kB\n".utf8))
    let mounts = """
      mount --bind \(scratch("policy")) /proc/sys/vm/overcommit_memory
      mount --bind \(scratch("meminfo")) /proc/meminfo
      """
    let enough = try await withMounts(mounts, "\(run) null -m 1024")
    #expect(enough.status == 0 && enough.error == "", "\(enough.error)")
    expectFailure(
      try await withMounts(mounts, "\(run) null -m 1025"), status: 4,
      error: "1025 MiB of memory, and this host, which does not overcommit, has 1024 MiB left", hint: "-m")
  }

  @Test(.kvm) func `where there are descriptors for the machine, there are for its disk's requests`()
    async throws
  {
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 1 << 20))
    var (limit, enough) = (20, 0)
    while enough < 3, limit < 100 {
      let outcome = try await SwiftVMProgram.shell(
        "ulimit -n \(limit); exec $vm run $guests/../virtio-blk -d \(disk),queues=2,io=auto --boot-hint 0")
      if outcome.status == 0 {
        enough += 1
        #expect(outcome.lines.last == "behind the end: refused", "with \(limit): \(outcome.output)")
      } else {
        #expect(enough == 0, "with \(limit)")
        expectFailure(outcome, status: 4, error: "Too many open files", hint: "ulimit -n")
      }
      limit += 1
    }
    #expect(enough == 3)
  }

  @Test(.kvm) func `a soft limit of descriptors is none`() async throws {
    let outcome = try await SwiftVMProgram.shell("ulimit -S -n 10; exec \(run) stdio")
    #expect(outcome.status == 0, "\(outcome.error)")
  }

  @Test(.kvm) func `too little address space for the guest's memory`() async throws {
    expectFailure(
      try await SwiftVMProgram.shell(
        "ulimit -v 600000; exec \(run) socket=\(scratch("sock")) -m 1G"),
      status: 4, error: "cannot reserve 1024 MiB for the guest's memory: Cannot allocate memory",
      hint: "ulimit -v")
    #expect(!scratch.exists("sock"))
  }

  @Test(.kvm) func `too little address space, however little, is an error that leaves no socket`()
    async throws
  {
    var enough: [Int] = []
    for limit in stride(from: 32_000, through: 96_000, by: 4000) {
      let outcome = try await SwiftVMProgram.shell(
        "ulimit -v \(limit); exec \(run) socket=\(scratch("sock")) -m 16")
      #expect(!scratch.exists("sock"), "left behind with \(limit) KiB")
      if outcome.status == 0 {
        enough.append(limit)
      } else {
        expectFailure(outcome, status: 4, error: "", hint: "ulimit -v")
      }
    }
    #expect(enough.last == 96_000)
  }

  @Test(.root, .kvm) func `no thread can be made`() async throws {
    // Access to KVM by its group, and not one process more for this user, who is no other test's.
    let identity = Conditions.asNobody(user: 65_533, group: "\"$(stat -c %g /dev/kvm)\"")
    let outcome = try await SwiftVMProgram.shell(
      """
      cp $vm $guests/serial.bin \(scratch.path); cd \(scratch.path); ulimit -u 1
      exec \(identity) ./swiftvm run --flat serial.bin --on-reboot exit
      """)
    expectFailure(outcome, status: 4, error: "Resource temporarily unavailable", hint: "ulimit -u")
  }
}
