internal import CKVM
internal import CLinux
internal import Devices
internal import SystemPackage

/// A vCPU: its descriptor and the `kvm_run` area that it shares with the kernel.
///
/// Moved into the thread that runs it; KVM serves all its ioctls from that thread.
@safe
struct VirtualCPU: ~Copyable {
  let id: UInt32
  let descriptor: OwnedDescriptor
  // A mapping of runAreaSize bytes, at least a kvm_run, unmapped in deinit.
  let area: UnsafeMutablePointer<kvm_run>
  private let areaSize: Int

  init(_ descriptor: consuming OwnedDescriptor, id: UInt32, runAreaSize: Int) throws(KVMError) {
    guard runAreaSize >= MemoryLayout<kvm_run>.size,
      let mapping = unsafe clinux_map_shared(descriptor.number, runAreaSize)
    else { throw .call("mmap(vCPU run area)", Errno(rawValue: clinux_errno())) }
    self.descriptor = descriptor
    self.id = id
    areaSize = runAreaSize
    unsafe area = mapping.bindMemory(to: kvm_run.self, capacity: 1)
  }

  deinit {
    unsafe munmap(area, areaSize)
  }

  // MARK: Running

  /// Runs the guest until it needs something (KVM_RUN).
  @inline(__always)
  func run() -> VCPUExit {
    let result = ckvm_ioctl(descriptor.number, CKVM_RUN, 0)
    if result < 0 {
      // EAGAIN: an application processor that waits for its start was woken by a signal.
      let errno = -result
      if errno == Int(EINTR) || errno == Int(EAGAIN) { return .interrupted }
      // EFAULT with KVM_EXIT_MEMORY_FAULT and everything else: the kernel could not go on.
      return .runFailed(Int32(truncatingIfNeeded: errno))
    }
    return unsafe VCPUExit(area)
  }

  /// Where the data of a port exit lies. Valid until the next `run`.
  ///
  /// - Returns: nil where the kernel's offset points outside the mapping.
  @unsafe @inline(__always)
  func portData(_ access: PortAccess) -> UnsafeMutableRawPointer? {
    let length = UInt64(access.count) &* UInt64(access.width)
    guard access.dataOffset <= UInt64(areaSize), length <= UInt64(areaSize) &- access.dataOffset else {
      return nil
    }
    // In bounds by the line above.
    return unsafe UnsafeMutableRawPointer(area) + Int(truncatingIfNeeded: access.dataOffset)
  }

  /// Hands the answer of an MMIO read to the guest, at the next `run`.
  @inline(__always)
  func completeMMIORead(_ value: UInt64) {
    // The data field is 8 bytes long, and in the guest's byte order, which is the host's.
    unsafe withUnsafeMutableBytes(of: &area.pointee.mmio.data) {
      unsafe $0.storeBytes(of: value, as: UInt64.self)
    }
  }

  /// Lets every exit tell where the guest stood (KVM_CAP_SYNC_REGS, which the host must have).
  func keepInstructionPointer() {
    // The run area is mapped as long as this lives.
    unsafe ckvm_keep_registers(area)
  }

  /// Where the guest stood at the last exit; 0 without `keepInstructionPointer`.
  @inline(__always)
  var instructionPointer: UInt64 {
    // As above.
    unsafe ckvm_instruction_pointer(area)
  }

  /// What an exit carries, or was answered: of several values the first. 0 for what carries none.
  @inline(__always)
  func value(of exit: VCPUExit) -> UInt64 {
    switch exit {
    case .portRead(let access), .portWrite(let access):
      guard access.count > 0, let data = unsafe portData(access) else { return 0 }
      // At least one value of this width lies there, as portData checked.
      switch access.width {
      case 1: return UInt64(unsafe data.load(as: UInt8.self))
      case 2: return UInt64(unsafe data.loadUnaligned(as: UInt16.self))
      case 4: return UInt64(unsafe data.loadUnaligned(as: UInt32.self))
      default: return 0
      }
    case .mmioWrite(_, _, let value): return value
    case .mmioRead:
      // The data field is 8 bytes long.
      let data = unsafe area.pointee.mmio.data
      return unsafe withUnsafeBytes(of: data) { unsafe $0.loadUnaligned(as: UInt64.self) }
    default: return 0
    }
  }

  /// The byte that makes a running or next KVM_RUN return at once. Valid while this vCPU lives.
  @unsafe
  var immediateExit: UnsafeMutablePointer<UInt8> {
    // A field of the mapping.
    unsafe UnsafeMutableRawPointer(area)
      .advanced(by: MemoryLayout<kvm_run>.offset(of: \kvm_run.immediate_exit) ?? 1)
      .assumingMemoryBound(to: UInt8.self)
  }

  /// What KVM says of an exit that it could not handle: its raw words.
  var internalErrorData: [UInt64] {
    let error = unsafe area.pointee.internal
    return unsafe withUnsafeBytes(of: error.data) { bytes in
      unsafe [UInt64](bytes.bindMemory(to: UInt64.self).prefix(Int(min(error.ndata, 16))))
    }
  }

  /// What KVM says of a debug exit.
  var debugException: kvm_debug_exit_arch { unsafe area.pointee.debug.arch }

  // MARK: State

  func set(_ entries: [CPUIDEntry]) throws(KVMError) {
    let table = CPUIDTable(entries)
    try unsafe call("KVM_SET_CPUID2", CKVM_SET_CPUID2, table.header)
  }

  /// General registers.
  func registers() throws(KVMError) -> kvm_regs {
    var value = kvm_regs()
    try unsafe call("KVM_GET_REGS", CKVM_GET_REGS, &value)
    return value
  }

  func set(_ value: kvm_regs) throws(KVMError) {
    var value = value
    try unsafe call("KVM_SET_REGS", CKVM_SET_REGS, &value)
  }

  /// Segments, control registers, descriptor tables, EFER.
  func systemRegisters() throws(KVMError) -> kvm_sregs {
    var value = kvm_sregs()
    try unsafe call("KVM_GET_SREGS", CKVM_GET_SREGS, &value)
    return value
  }

  func set(_ value: kvm_sregs) throws(KVMError) {
    var value = value
    try unsafe call("KVM_SET_SREGS", CKVM_SET_SREGS, &value)
  }

  /// Whether it halted until an interrupt comes (HLT).
  var isHalted: Bool {
    var value = kvm_mp_state()
    guard (try? unsafe call("KVM_GET_MP_STATE", CKVM_GET_MP_STATE, &value)) != nil else { return false }
    return value.mp_state == UInt32(KVM_MP_STATE_HALTED)
  }

  func set(_ value: kvm_fpu) throws(KVMError) {
    var value = value
    try unsafe call("KVM_SET_FPU", CKVM_SET_FPU, &value)
  }

  func localAPIC() throws(KVMError) -> kvm_lapic_state {
    var value = kvm_lapic_state()
    try unsafe call("KVM_GET_LAPIC", CKVM_GET_LAPIC, &value)
    return value
  }

  func set(_ value: kvm_lapic_state) throws(KVMError) {
    var value = value
    try unsafe call("KVM_SET_LAPIC", CKVM_SET_LAPIC, &value)
  }

  func set(_ registers: [ModelSpecificRegister]) throws(KVMError) {
    let memory = UnsafeMutableRawPointer.allocate(
      byteCount: ckvm_msrs_size(registers.count), alignment: MemoryLayout<kvm_msrs>.alignment)
    defer { unsafe memory.deallocate() }
    unsafe memory.initializeMemory(as: UInt8.self, repeating: 0, count: ckvm_msrs_size(registers.count))
    let table = unsafe memory.bindMemory(to: kvm_msrs.self, capacity: 1)
    unsafe table.pointee.nmsrs = UInt32(registers.count)
    for (index, register) in registers.enumerated() {
      // The table was made with room for every register.
      unsafe ckvm_msrs_entries(table)[index] = kvm_msr_entry(
        index: register.number, reserved: 0, data: register.value)
    }
    let done = try check(
      "KVM_SET_MSRS", unsafe ckvm_ioctl_ptr(descriptor.number, CKVM_SET_MSRS, memory))
    guard done == registers.count else {
      let refused = String(registers[done].number, radix: 16)
      throw .call("KVM_SET_MSRS(0x\(refused))", .invalidArgument)
    }
  }

  /// What KVM counts of this vCPU; nil where it does not tell (before Linux 5.14).
  var statistics: KVMStatistics? {
    let number = ckvm_ioctl(descriptor.number, CKVM_GET_STATS_FD, 0)
    guard number >= 0 else { return nil }
    return KVMStatistics(OwnedDescriptor(takingOver: Int32(truncatingIfNeeded: number)))
  }

  /// The guest physical address behind a virtual one (KVM_TRANSLATE), or nil where none is mapped.
  func physicalAddress(ofVirtual address: UInt64) -> GuestAddress? {
    var translation = kvm_translation()
    translation.linear_address = address
    guard (try? unsafe call("KVM_TRANSLATE", CKVM_TRANSLATE, &translation)) != nil,
      translation.valid != 0
    else { return nil }
    return GuestAddress(translation.physical_address)
  }

  /// - Precondition: `argument` is the structure that `request` reads and writes.
  func call(
    _ name: String, _ request: UInt, _ argument: UnsafeMutableRawPointer
  ) throws(KVMError) {
    _ = try check(name, unsafe ckvm_ioctl_ptr(descriptor.number, request, argument))
  }
}
