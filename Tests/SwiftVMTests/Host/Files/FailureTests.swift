import Hypervisor
import ProcessSupport
import SystemPackage
import Testing

@testable import swiftvm

struct FailureTests {
  @Test func `statuses have the documented numbers`() {
    #expect(ExitStatus.ended.rawValue == 0)
    #expect(ExitStatus.internalError.rawValue == 1)
    #expect(ExitStatus.usage.rawValue == 2)
    #expect(ExitStatus.guestCrashed.rawValue == 3)
    #expect(ExitStatus.hostNotAble.rawValue == 4)
  }

  @Test func `what the host lacks is not called the caller's mistake`() {
    #expect(Failure(KVMError.notKVM).status == .hostNotAble)
    #expect(Failure(MachineError.kvm(.call("KVM_CREATE_VM", .noMemory))).status == .hostNotAble)
    #expect(Failure(MachineError.memory(1 << 30, .noMemory)).status == .hostNotAble)
    #expect(Failure(MachineError.host("a thread", .resourceTemporarilyUnavailable)).status == .hostNotAble)
    #expect(Failure(MachineError.boot(.kernelFormat(name: "k", .empty))).status == .usage)
    #expect(Failure(MachineSpecError.noCPU).status == .usage)
  }

  @Test func `where an option helps, it is named`() {
    let error = MachineError.boot(.kernelPlacement(name: "k", .memoryTooSmall(needed: 80, available: 32)))
    #expect(Failure(error).hint == "give it more memory: -m 80 or more")
    #expect(error.hint == "give it at least 80 MiB of memory")
    #expect(Failure(MachineSpecError.noCPU).hint == "give -c 1 or more")
    #expect(Failure(MachineError.memory(1, .noMemory)).hint?.hasPrefix("give less with -m") == true)
  }

  /// People give options, a machine does not know them.
  @Test func `the hypervisor and its devices name no option of the command line`() async throws {
    let grep = try await Program.run(
      "grep",
      [
        "-rnE", "--include=*.swift", "\".*( -[a-z] |--[a-z]).*\"", "\(Repository.root)/Sources/Hypervisor",
        "\(Repository.root)/Sources/Devices",
      ])
    // Commands of others, to be run.
    let ours = grep.output.split(separator: "\n").filter {
      !$0.contains("objcopy") && !$0.contains("xz --format") && !$0.contains(" -dc ")
    }
    #expect(ours.isEmpty, "\(ours.joined(separator: "\n"))")
  }

  @Test func `a KVM of another version is told with both versions`() {
    let failure = Failure(KVMError.wrongVersion(11))
    #expect(failure.status == .hostNotAble)
    #expect(failure.message == "/dev/kvm speaks KVM API version 11, swiftvm speaks 12")
    #expect(failure.hint?.contains("doctor") == true)
  }

  @Test func `a shortage says what to raise, and nothing else is one`() {
    #expect(Errno.tooManyOpenFiles.shortageHint?.contains("`ulimit -n`") == true)
    #expect(Errno.resourceTemporarilyUnavailable.shortageHint?.contains("ulimit -u") == true)
    #expect(Errno.noMemory.shortageHint?.contains("ulimit -v") == true)
    #expect(!Errno.noSuchFileOrDirectory.isShortage)
    #expect(!Errno.permissionDenied.isShortage)
  }

  @Test(arguments: [
    (Errno.noSuchFileOrDirectory, "kvm_intel"), (.permissionDenied, "usermod -aG kvm"),
    (.noSuchAddressOrDevice, "modprobe"), (.tooManyOpenFiles, "ulimit -n"), (.ioError, "doctor"),
  ])
  func `each way to miss KVM has a remedy of its own`(error: Errno, remedy: String) {
    #expect(HostKVM.hint(for: error).contains(remedy))
  }
}
