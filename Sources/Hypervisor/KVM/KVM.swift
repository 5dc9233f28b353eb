internal import CKVM
public import Devices
internal import SystemPackage

/// The host's KVM: an open /dev/kvm (KVM API documentation, section 4, "System ioctls").
public struct KVM: ~Copyable, Sendable {
  let descriptor: OwnedDescriptor

  /// Takes over an open /dev/kvm and checks that it is one.
  public init(_ descriptor: consuming OwnedDescriptor) throws(KVMError) {
    let version = ckvm_ioctl(descriptor.number, CKVM_GET_API_VERSION, 0)
    guard version >= 0 else { throw .notKVM }
    guard version == Int(KVM_API_VERSION) else { throw .wrongVersion(version) }
    self.descriptor = descriptor
  }

  /// What KVM_CHECK_EXTENSION answers: 0 where the capability is missing.
  public func extent(of capability: Capability) -> Int {
    max(0, ckvm_ioctl(descriptor.number, CKVM_CHECK_EXTENSION, UInt(capability.number)))
  }

  /// The most vCPUs that one machine can have.
  public var maximumVCPUs: Int {
    max(extent(of: .maximumVCPUs), 1)
  }

  /// Bytes of a vCPU's shared run area.
  func runAreaSize() throws(KVMError) -> Int {
    try check("KVM_GET_VCPU_MMAP_SIZE", ckvm_ioctl(descriptor.number, CKVM_GET_VCPU_MMAP_SIZE, 0))
  }

  /// The CPUID leaves that this host can give to a guest (KVM_GET_SUPPORTED_CPUID).
  public func supportedCPUID() throws(KVMError) -> CPUIDTable {
    var capacity = 128
    while true {
      let table = CPUIDTable(capacity: capacity)
      let result = unsafe ckvm_ioctl_ptr(descriptor.number, CKVM_GET_SUPPORTED_CPUID, table.header)
      // E2BIG: the host has more leaves than room was offered.
      if result == -Int(E2BIG), capacity < 4096 {
        capacity *= 2
        continue
      }
      _ = try check("KVM_GET_SUPPORTED_CPUID", result)
      return table
    }
  }
}

/// A KVM capability: its number and its constant's name.
public struct Capability: Hashable, Sendable {
  public let number: Int32
  public let name: String

  public static let irqChip = Capability(number: KVM_CAP_IRQCHIP, name: "KVM_CAP_IRQCHIP")
  public static let userMemory = Capability(number: KVM_CAP_USER_MEMORY, name: "KVM_CAP_USER_MEMORY")
  public static let setTSSAddress = Capability(number: KVM_CAP_SET_TSS_ADDR, name: "KVM_CAP_SET_TSS_ADDR")
  public static let extendedCPUID = Capability(number: KVM_CAP_EXT_CPUID, name: "KVM_CAP_EXT_CPUID")
  public static let pit2 = Capability(number: KVM_CAP_PIT2, name: "KVM_CAP_PIT2")
  public static let irqfd = Capability(number: KVM_CAP_IRQFD, name: "KVM_CAP_IRQFD")
  public static let ioeventfd = Capability(number: KVM_CAP_IOEVENTFD, name: "KVM_CAP_IOEVENTFD")
  public static let immediateExit = Capability(
    number: KVM_CAP_IMMEDIATE_EXIT, name: "KVM_CAP_IMMEDIATE_EXIT")
  public static let identityMapAddress = Capability(
    number: KVM_CAP_SET_IDENTITY_MAP_ADDR, name: "KVM_CAP_SET_IDENTITY_MAP_ADDR")
  public static let maximumVCPUs = Capability(number: KVM_CAP_MAX_VCPUS, name: "KVM_CAP_MAX_VCPUS")
  public static let tscDeadline = Capability(
    number: KVM_CAP_TSC_DEADLINE_TIMER, name: "KVM_CAP_TSC_DEADLINE_TIMER")
  public static let interruptRouting = Capability(number: KVM_CAP_IRQ_ROUTING, name: "KVM_CAP_IRQ_ROUTING")
  public static let guestDebug = Capability(number: KVM_CAP_SET_GUEST_DEBUG, name: "KVM_CAP_SET_GUEST_DEBUG")
  /// Its extent is the mask of what KVM_SET_GUEST_DEBUG can do.
  public static let guestDebugFlags = Capability(
    number: KVM_CAP_SET_GUEST_DEBUG2, name: "KVM_CAP_SET_GUEST_DEBUG2")
  public static let extendedState = Capability(number: KVM_CAP_XSAVE, name: "KVM_CAP_XSAVE")
  public static let x2APIC = Capability(number: KVM_CAP_X2APIC_API, name: "KVM_CAP_X2APIC_API")
  public static let synchronisedRegisters = Capability(number: KVM_CAP_SYNC_REGS, name: "KVM_CAP_SYNC_REGS")

  /// What every machine needs.
  public static let required: [Capability] = [
    .irqChip, .userMemory, .setTSSAddress, .extendedCPUID, .pit2, .irqfd, .ioeventfd, .interruptRouting,
    .immediateExit,
  ]

  /// Those too without which a machine can do less.
  public static let used: [Capability] =
    required + [
      .identityMapAddress, .maximumVCPUs, .tscDeadline, .guestDebug, .guestDebugFlags, .extendedState,
      .x2APIC,
      .synchronisedRegisters,
    ]
}
