internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// The host's /dev/kvm.
enum HostKVM {
  static let path = "/dev/kvm"

  static func open() throws(Failure) -> KVM {
    let descriptor: OwnedDescriptor
    do throws(Errno) {
      descriptor = try OwnedDescriptor.open(path, O_RDWR)
    } catch {
      throw Failure(.hostNotAble, "\(path): \(error)", hint: hint(for: error))
    }
    do throws(KVMError) {
      return try KVM(descriptor)
    } catch {
      throw Failure(error)
    }
  }

  static func hint(for error: Errno) -> String {
    switch error {
    case .noSuchFileOrDirectory:
      "this kernel has no KVM: load kvm_intel or kvm_amd, and switch virtualisation on in the firmware"
    case .permissionDenied:
      "become a member of the group that owns it: `sudo usermod -aG kvm $USER`, then log in again"
    case .noSuchAddressOrDevice: "the KVM module is not loaded: `sudo modprobe kvm_intel` or `kvm_amd`"
    default: error.shortageHint ?? "`swiftvm doctor` tells what the host can do"
    }
  }
}
