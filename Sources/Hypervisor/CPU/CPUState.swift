internal import CKVM
internal import Devices

/// The registers with which the boot CPU enters the guest.
///
/// Application processors start where KVM puts them: waiting for INIT and start-up IPI.
struct CPUState {
  var general = kvm_regs()
  var system: kvm_sregs

  /// - Parameter reset: the state that KVM gives a new vCPU; what is not set here stays so.
  init(entering entry: BootEntry, _ places: BootPlaces, from reset: kvm_sregs) {
    system = reset
    // Bit 1 is always set; interrupts off.
    general.rflags = 2
    switch entry {
    case .linux64(let address):
      enterLongMode(places)
      general.rip = address.value
      general.rsi = places[.bootParameters].value
      general.rsp = places.stackTop.value
    case .linux32(let address):
      enterProtectedMode(places)
      general.rip = address.value
      general.rsi = places[.bootParameters].value
      general.rsp = places.stackTop.value
    case .pvh(let address):
      enterProtectedMode(places)
      general.rip = address.value
      general.rbx = places[.startInfo].value
    case .multiboot(let address):
      enterProtectedMode(places)
      general.rip = address.value
      general.rax = MultibootInfo.magic
      general.rbx = places[.startInfo].value
    case .realMode:
      enterRealMode()
      general.rip = Layout.flatImage.value
      // As a BIOS leaves it: the stack below the boot sector, the number of the first disk in DL.
      general.rsp = Layout.flatImage.value
      general.rdx = 0x80
    }
  }

  private mutating func enterLongMode(_ places: BootPlaces) {
    load(code: .code64, gdt: places[.gdt])
    system.cr3 = places[.pageTables].value
    system.cr4 = ControlRegister.cr4PhysicalAddressExtension
    system.efer = ControlRegister.eferLongModeEnable | ControlRegister.eferLongModeActive
    system.cr0 =
      ControlRegister.cr0Protection | ControlRegister.cr0ExtensionType | ControlRegister.cr0Paging
  }

  private mutating func enterProtectedMode(_ places: BootPlaces) {
    load(code: .code32, gdt: places[.gdt])
    system.cr4 = 0
    system.efer = 0
    system.cr0 = ControlRegister.cr0Protection | ControlRegister.cr0ExtensionType
  }

  private mutating func enterRealMode() {
    func segment(type: UInt8) -> kvm_segment {
      var segment = kvm_segment()
      segment.limit = 0xFFFF
      segment.type = type
      segment.present = 1
      segment.s = 1
      return segment
    }
    system.cs = segment(type: 0xB)
    let data = segment(type: 0x3)
    system.ds = data
    system.es = data
    system.fs = data
    system.gs = data
    system.ss = data
    system.cr0 = ControlRegister.cr0ExtensionType
    // The interrupt vector table of real mode.
    system.idt.base = 0
    system.idt.limit = 0x3FF
  }

  private mutating func load(code: SegmentDescriptor, gdt: GuestAddress) {
    system.gdt.base = gdt.value
    system.gdt.limit = UInt16(BootGDT.size - 1)
    // No interrupt descriptors: an exception before the kernel sets its own is a triple fault.
    system.idt.base = 0
    system.idt.limit = 0
    system.cs = kvm_segment(code, selector: BootGDT.codeSelector)
    let data = kvm_segment(.data, selector: BootGDT.dataSelector)
    system.ds = data
    system.es = data
    system.fs = data
    system.gs = data
    system.ss = data
    system.tr = kvm_segment(.task, selector: BootGDT.taskSelector)
  }
}

/// Control register bits that a boot needs (Intel SDM volume 3, section 2.5).
private enum ControlRegister {
  static let cr0Protection: UInt64 = 1 << 0
  static let cr0ExtensionType: UInt64 = 1 << 4
  static let cr0Paging: UInt64 = 1 << 31
  static let cr4PhysicalAddressExtension: UInt64 = 1 << 5
  static let eferLongModeEnable: UInt64 = 1 << 8
  static let eferLongModeActive: UInt64 = 1 << 10
}

extension kvm_segment {
  /// What a segment register holds after loading `descriptor` with `selector`.
  init(_ descriptor: SegmentDescriptor, selector: UInt16) {
    self.init()
    self.selector = selector
    base = descriptor.base
    limit = descriptor.limit
    type = descriptor.type
    s = descriptor.isSystem ? 0 : 1
    dpl = descriptor.privilege
    present = 1
    l = descriptor.isLong ? 1 : 0
    db = descriptor.is32Bit ? 1 : 0
    g = descriptor.isPageGranular ? 1 : 0
  }
}

extension kvm_fpu {
  /// The x87 and SSE units as FNINIT and reset leave them: no exceptions unmasked.
  static var initial: kvm_fpu {
    var fpu = kvm_fpu()
    fpu.fcw = 0x37F
    fpu.mxcsr = 0x1F80
    return fpu
  }
}

extension kvm_lapic_state {
  /// Lets the PIC's interrupts in through LINT0 and NMIs through LINT1, as firmware leaves a local
  /// APIC in virtual wire mode (MultiProcessor Specification 1.4, section 3.6.2.2).
  mutating func enterVirtualWireMode() {
    setDeliveryMode(7, at: 0x350)
    setDeliveryMode(4, at: 0x360)
  }

  /// Sets the delivery mode (bits 8 to 10) of the local vector table entry at `offset`, unmasked.
  private mutating func setDeliveryMode(_ mode: UInt32, at offset: Int) {
    // The register page is 1024 bytes; both offsets lie inside.
    unsafe withUnsafeMutableBytes(of: &regs) { bytes in
      let old = unsafe bytes.load(fromByteOffset: offset, as: UInt32.self)
      let new = old & ~(0x7 << 8 | 1 << 16) | mode << 8
      unsafe bytes.storeBytes(of: new, toByteOffset: offset, as: UInt32.self)
    }
  }
}

extension VirtualCPU {
  /// Gives a new vCPU the state in which firmware would hand it over.
  ///
  /// - Parameters:
  ///   - entry: where the boot CPU enters the guest; nil for an application processor.
  ///   - places: where what the entry needs lies.
  func prepare(
    cpuid: [CPUIDEntry], entry: BootEntry?, places: BootPlaces = .usual
  ) throws(KVMError) {
    // CPUID first: what KVM allows in registers depends on it.
    try set(cpuid)
    try set(ModelSpecificRegister.initial)
    try set(kvm_fpu.initial)
    var apic = try localAPIC()
    apic.enterVirtualWireMode()
    try set(apic)
    guard let entry else { return }
    let state = CPUState(entering: entry, places, from: try systemRegisters())
    try set(state.system)
    try set(state.general)
  }
}
