public import SystemPackage

/// What the host's KVM refused.
public enum KVMError: Error, Hashable, Sendable {
  /// The descriptor is not KVM's: it does not know KVM_GET_API_VERSION.
  case notKVM
  /// KVM_GET_API_VERSION; every Linux since 2.6.22 answers 12.
  case wrongVersion(Int)
  /// A capability that the machine cannot do without, by its constant's name.
  case lacksCapability(String)
  /// An ioctl failed.
  case call(String, Errno)
}

extension KVMError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .notKVM: "/dev/kvm is not a KVM device"
    case .wrongVersion(let version): "/dev/kvm speaks KVM API version \(version), swiftvm speaks 12"
    case .lacksCapability(let name): "the host's KVM has no \(name)"
    case .call(let name, let errno): "\(name): \(errno)"
    }
  }

  /// What to do next.
  public var hint: String {
    switch self {
    case .notKVM, .wrongVersion: "`swiftvm doctor` tells what is there"
    case .lacksCapability: "a Linux kernel of version 5.10 or newer has it"
    case .call(_, .noMemory), .call(_, .tooManyOpenFiles), .call(_, .tooManyOpenFilesInSystem):
      "the host is out of memory or descriptors: end something, or raise `ulimit -n` or `ulimit -v`"
    case .call(_, .resourceBusy): "another hypervisor may hold the CPU's virtualisation (VirtualBox, VMware)"
    case .call: "`swiftvm doctor` tells what the host can do"
    }
  }
}

/// Turns the result of a CKVM call, which is -errno where it failed, into a value or an error.
@inline(__always)
func check(_ name: @autoclosure () -> String, _ result: Int) throws(KVMError) -> Int {
  guard result >= 0 else { throw KVMError.call(name(), Errno(rawValue: Int32(truncatingIfNeeded: -result))) }
  return result
}
