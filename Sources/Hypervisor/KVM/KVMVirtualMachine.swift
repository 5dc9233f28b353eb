internal import CKVM
internal import Devices
internal import SystemPackage

/// A virtual machine as KVM knows it: memory slots, interrupt chips, vCPUs (section 4, "VM ioctls").
struct KVMVirtualMachine: ~Copyable, Sendable {
  let descriptor: VMDescriptor
  private let runAreaSize: Int

  /// Makes a machine with in-kernel interrupt controllers (PIC, I/O APIC, local APICs) and PIT, without
  /// vCPUs, and gives it `memory`, if any, which must outlive it.
  static func make(on kvm: borrowing KVM, memory: GuestMemory? = nil) throws(KVMError) -> KVMVirtualMachine {
    for capability in Capability.required where kvm.extent(of: capability) == 0 {
      throw .lacksCapability(capability.name)
    }
    let runAreaSize = try kvm.runAreaSize()
    let number = try check("KVM_CREATE_VM", createRetrying(kvm.descriptor.number))
    let vm = KVMVirtualMachine(
      descriptor: VMDescriptor(OwnedDescriptor(takingOver: Int32(truncatingIfNeeded: number))),
      runAreaSize: runAreaSize)
    // Memory before chips: these leave the kernel grace periods to wait for, some milliseconds, and a
    // change of memory waits for all of them.
    if let memory { try vm.map(memory) }
    try vm.addChips(hasIdentityMap: kvm.extent(of: .identityMapAddress) > 0)
    return vm
  }

  private init(descriptor: VMDescriptor, runAreaSize: Int) {
    self.descriptor = descriptor
    self.runAreaSize = runAreaSize
  }

  private func addChips(hasIdentityMap: Bool) throws(KVMError) {
    // Intel hosts need three pages of guest address space for the TSS of real mode, and one for its
    // page table; both must be set before the first vCPU exists.
    try call("KVM_SET_TSS_ADDR", CKVM_SET_TSS_ADDR, UInt(Layout.taskStateSegment.value))
    if hasIdentityMap {
      var address = Layout.identityMapPage.value
      try unsafe call("KVM_SET_IDENTITY_MAP_ADDR", CKVM_SET_IDENTITY_MAP_ADDR, &address)
    }
    try call("KVM_CREATE_IRQCHIP", CKVM_CREATE_IRQCHIP, 0)
    var pit = kvm_pit_config()
    // Port 0x61 too: Linux uses its gate to calibrate clocks.
    pit.flags = UInt32(KVM_PIT_SPEAKER_DUMMY)
    try unsafe call("KVM_CREATE_PIT2", CKVM_CREATE_PIT2, &pit)
  }

  /// The interrupt routes of this machine, with those of its chips in place.
  func makeInterruptRouter(routes: Int) throws(KVMError) -> InterruptRouter {
    let router = InterruptRouter(descriptor, capacity: routes)
    try router.install()
    return router
  }

  /// The notifications of this machine that reach their workers without an exit.
  func makeDoorbells() -> KernelDoorbells {
    KernelDoorbells(descriptor)
  }

  /// KVM_CREATE_VM gives up with EINTR when a signal arrives while it waits for other machines.
  private static func createRetrying(_ kvm: Int32) -> Int {
    while true {
      let result = ckvm_ioctl(kvm, CKVM_CREATE_VM, 0)
      if result != -Int(EINTR) { return result }
    }
  }

  /// Lets APIC ids go past 255 (x2APIC), and their interrupts with them.
  func enableWideAPICIDs() throws(KVMError) {
    var capability = kvm_enable_cap()
    capability.cap = UInt32(KVM_CAP_X2APIC_API)
    capability.args.0 = UInt64(CKVM_X2APIC_API_USE_32BIT_IDS | CKVM_X2APIC_API_DISABLE_BROADCAST_QUIRK)
    try unsafe call("KVM_ENABLE_CAP(KVM_CAP_X2APIC_API)", CKVM_ENABLE_CAP, &capability)
  }

  /// Bytes that KVM takes as one region: it counts pages in 31 bits.
  static let largestRegion: UInt64 = ((1 << 31) - 1) * 4096

  /// Gives the guest its RAM, a slot a region. `memory` must outlive this machine.
  func map(_ memory: GuestMemory) throws(KVMError) {
    for (slot, region) in memory.regions.enumerated() {
      var description = kvm_userspace_memory_region()
      description.slot = UInt32(slot)
      description.guest_phys_addr = region.range.base.value
      description.memory_size = region.range.size
      description.userspace_addr = UInt64(UInt(bitPattern: unsafe region.hostBase))
      try unsafe call("KVM_SET_USER_MEMORY_REGION", CKVM_SET_USER_MEMORY_REGION, &description)
    }
  }

  /// Each signal on `line` becomes a rising edge on `gsi`. The line must outlive this machine.
  func connect(_ line: InterruptLine, to gsi: UInt32) throws(KVMError) {
    var description = kvm_irqfd()
    description.fd = UInt32(line.event.number)
    description.gsi = gsi
    try unsafe call("KVM_IRQFD", CKVM_IRQFD, &description)
  }

  /// `line` asserts `gsi` until the guest ends the interrupt, which signals `line.acknowledged`. The
  /// line must outlive this machine.
  func connect(_ line: LevelInterruptLine, to gsi: UInt32) throws(KVMError) {
    var description = kvm_irqfd()
    description.fd = UInt32(line.event.number)
    description.gsi = gsi
    description.flags = CKVM_IRQFD_FLAG_RESAMPLE
    description.resamplefd = UInt32(line.acknowledged.number)
    try unsafe call("KVM_IRQFD", CKVM_IRQFD, &description)
  }

  /// Makes the vCPU with APIC id `id`.
  func makeVCPU(id: UInt32) throws(KVMError) -> VirtualCPU {
    let number = try check("KVM_CREATE_VCPU", ckvm_ioctl(descriptor.number, CKVM_CREATE_VCPU, UInt(id)))
    return try VirtualCPU(
      OwnedDescriptor(takingOver: Int32(truncatingIfNeeded: number)), id: id, runAreaSize: runAreaSize)
  }

  private func call(_ name: String, _ request: UInt, _ argument: UInt) throws(KVMError) {
    _ = try check(name, ckvm_ioctl(descriptor.number, request, argument))
  }

  /// - Precondition: `argument` is the structure that `request` reads and writes.
  private func call(
    _ name: String, _ request: UInt, _ argument: UnsafeMutableRawPointer
  ) throws(KVMError) {
    _ = try check(name, unsafe ckvm_ioctl_ptr(descriptor.number, request, argument))
  }
}
