import Hypervisor
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
    #expect(Failure(ConfigurationError.noKernel).status == .usage)
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
