internal import CKVM

extension VirtualCPU {
  /// Bytes that KVM_GET_XSAVE fills.
  static let extendedStateSize = 4096

  /// The x87, SSE and AVX units, in the standard form of XSAVE (KVM_GET_XSAVE).
  func extendedState() throws(KVMError) -> [UInt8] {
    var area = [UInt8](repeating: 0, count: Self.extendedStateSize)
    // The array is as long as the structure.
    try unsafe call("KVM_GET_XSAVE", CKVM_GET_XSAVE, &area)
    return area
  }

  /// - Precondition: `area` has `extendedStateSize` bytes.
  func set(extendedState area: [UInt8]) throws(KVMError) {
    precondition(area.count == Self.extendedStateSize, "not a whole XSAVE area")
    var area = area
    // The array is as long as the structure.
    try unsafe call("KVM_SET_XSAVE", CKVM_SET_XSAVE, &area)
  }

  /// What makes the guest leave for a debugger (KVM_SET_GUEST_DEBUG). Comes after all changes of registers: KVM
  /// ties a single step to where RIP stands.
  func set(_ settings: GuestDebug) throws(KVMError) {
    var value = kvm_guest_debug()
    value.control = settings.control
    let registers = settings.registers
    (value.arch.debugreg.0, value.arch.debugreg.1) = (registers.address(0), registers.address(1))
    (value.arch.debugreg.2, value.arch.debugreg.3) = (registers.address(2), registers.address(3))
    value.arch.debugreg.7 = registers.control
    try unsafe call("KVM_SET_GUEST_DEBUG", CKVM_SET_GUEST_DEBUG, &value)
  }
}
