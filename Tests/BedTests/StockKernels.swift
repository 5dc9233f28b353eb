internal import ProcessSupport
internal import Testing

/// Distribution kernels, unmodified, under the release executable in the nested machine. One after
/// the other: they share L1, and a boot keeps two cores busy.
@Suite(
  .serialized,
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: Bed.hasPrograms, "needs the packages of Tests/Bed/packages.txt"),
  .enabled(if: Bed.hasExecutable, "needs bin/swiftvm, which `make release` builds"),
  .enabled("Debian's kernels cannot be fetched, see above") { await Bed.hasKernels() },
  .inNestedMachine)
enum StockKernels {}

/// Whether the nested test bed can be used here.
enum Bed {
  static let hasPrograms = InstalledPrograms.include(
    "qemu-system-x86_64", "busybox", "cpio", "dracut", "nft", "ip", "lz4", "xz", "zstd", "depmod", "objcopy",
    "rngtest", "fio", "mke2fs", "mkfs.xfs", "sfdisk", "iperf3", "socat", "dbus-daemon", "passt")

  /// Whether guests of more than two vCPUs are to be trusted with a test: where QEMU emulates before its 10.0, one of a
  /// hundred is lost (`Tests/Bed/boots.sh` counts).
  static func holdsManyProcessors() async throws -> Bool {
    if MachineTests.areSoaked { return true }
    let isNew = #""$(emulator)" --version | grep -qE 'version [1-9][0-9]+\.'"#
    return try await shell("\(isNew) || grep -qwE '^flags.*(vmx|svm)' /proc/cpuinfo").status == 0
  }

  static let hasExecutable = InstalledPrograms.include("swiftvm", path: Repository.root + "/bin")

  /// Fetches them where they are not there yet.
  static func hasKernels() async -> Bool { await kernels.value }

  // Asked for before every test, and answered once.
  private static let kernels = Task {
    do {
      let outcome = try await shell("need_kernels")
      if outcome.status != 0 { print(outcome.error) }
      return outcome.status == 0
    } catch {
      print("Tests/Bed: \(error)")
      return false
    }
  }

  /// Builds what the tests boot besides the kernels.
  static func prepare() async throws {
    for script in ["guest-initrd.sh", "dracut-initrd.sh", "root-images.sh"] {
      let outcome = try await Program.run("\(Repository.root)/Tests/Bed/\(script)", [])
      guard outcome.status == 0 else {
        throw NestedMachine.Failure(description: "\(script): \(outcome.error)")
      }
    }
  }

  private static func shell(_ command: String) async throws -> Program.Outcome {
    try await Program.run("bash", ["-c", ". Tests/Bed/lib.sh; \(command)"])
  }
}

/// Starts L1 before the first test of a suite and ends it after the last.
struct NestedMachineTrait: SuiteTrait, TestScoping {
  func provideScope(
    for test: Test, testCase: Test.Case?, performing function: @Sendable () async throws -> Void
  ) async throws {
    try await Bed.prepare()
    let machine = NestedMachine()
    try await machine.start()
    do {
      try await NestedMachine.$current.withValue(machine) { try await function() }
    } catch {
      await machine.stop()
      throw error
    }
    await machine.stop()
  }
}

extension Trait where Self == ConditionTrait {
  /// For guests of more vCPUs than the nested machine has CPUs.
  static var manyProcessors: Self {
    .enabled("emulation loses such a guest now and then: `make soak` tries it") {
      try await Bed.holdsManyProcessors()
    }
  }
}

extension Trait where Self == NestedMachineTrait {
  static var inNestedMachine: Self { Self() }
}
