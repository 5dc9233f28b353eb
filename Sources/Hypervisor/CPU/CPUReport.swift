internal import CKVM
public import Devices

/// Where a vCPU stood: what a person needs to see why a guest went wrong.
public struct CPUReport: Sendable {
  public let vcpu: UInt32
  /// What happened, or nil when somebody just asked.
  public let cause: String?
  public let instructionPointer: UInt64
  /// Name and value of each register, in the order to print them.
  public let registers: [(name: String, value: UInt64)]
  /// The guest physical address behind RIP, if it has one.
  public let instructionAddress: GuestAddress?
  /// What stands in memory there, at most the 15 bytes of the longest instruction.
  public let bytesAtInstruction: [UInt8]
  /// What KVM added to an internal error.
  public let errorData: [UInt64]
  /// KVM knows no way to carry out the guest's instruction.
  public let isEmulationFailure: Bool
  /// The instruction bytes that KVM saw, if it said.
  public let instructionBytes: [UInt8]
  /// The exits before this, newest first.
  public let history: [String]
  /// How many there were in all.
  public let exitCount: Int
  /// Whether it sleeps, and an interrupt wakes it.
  public let isWaiting: Bool
  /// Whether the registers are what a reset leaves, and tell nothing of the guest: SVM has no state left after a triple
  /// fault (AMD64 Architecture Programmer's Manual 2, section 15.14.3), and KVM resets the vCPU.
  public let isReset: Bool
}

extension CPUReport {
  init(_ cpu: borrowing VirtualCPU, exit: VCPUExit?, history: ExitHistory, memory: GuestMemory) {
    // A vCPU that cannot even tell its registers is reported with zeros.
    let general = (try? cpu.registers()) ?? kvm_regs()
    let system = (try? cpu.systemRegisters()) ?? kvm_sregs()
    let address = cpu.physicalAddress(ofVirtual: system.cs.base &+ general.rip)
    var errorData: [UInt64] = []
    var isEmulationFailure = false
    if case .internalError(let suberror) = exit {
      errorData = cpu.internalErrorData
      isEmulationFailure = suberror == UInt32(KVM_INTERNAL_ERROR_EMULATION)
    }
    self.init(
      vcpu: cpu.id, cause: exit?.description, instructionPointer: general.rip,
      registers: Self.list(general, system), instructionAddress: address,
      bytesAtInstruction: address.flatMap { Self.bytes(at: $0, in: memory) } ?? [],
      errorData: errorData, isEmulationFailure: isEmulationFailure,
      instructionBytes: isEmulationFailure ? Self.instructionBytes(in: errorData) : [],
      history: history.latest.map(\.description), exitCount: history.count,
      isWaiting: general.rflags & Self.interruptFlag != 0 && cpu.isHalted,
      isReset: exit == .tripleFault && general.rip == 0xFFF0 && system.cs.base == 0xFFFF_0000)
  }

  private static let interruptFlag: UInt64 = 1 << 9

  /// As much of an instruction as there is memory for.
  private static func bytes(at address: GuestAddress, in memory: GuestMemory) -> [UInt8]? {
    (1...15).reversed().lazy.compactMap { try? memory.readBytes($0, at: address) }.first
  }

  /// An emulation failure's data: flags, then the instruction's size in a byte, then its bytes
  /// (KVM API documentation, `emulation_failure`).
  private static func instructionBytes(in data: [UInt64]) -> [UInt8] {
    guard data.count >= 3, data[0] & UInt64(KVM_INTERNAL_ERROR_EMULATION_FLAG_INSTRUCTION_BYTES) != 0
    else { return [] }
    let bytes = data[1...].flatMap { word in (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    return Array(bytes.dropFirst().prefix(min(Int(bytes[0]), 15)))
  }

  private static func list(_ general: kvm_regs, _ system: kvm_sregs) -> [(name: String, value: UInt64)] {
    [
      ("rip", general.rip), ("rflags", general.rflags), ("rsp", general.rsp), ("rbp", general.rbp),
      ("rax", general.rax), ("rbx", general.rbx), ("rcx", general.rcx), ("rdx", general.rdx),
      ("rsi", general.rsi), ("rdi", general.rdi), ("r8", general.r8), ("r9", general.r9),
      ("r10", general.r10), ("r11", general.r11), ("r12", general.r12), ("r13", general.r13),
      ("r14", general.r14), ("r15", general.r15),
      ("cr0", system.cr0), ("cr2", system.cr2), ("cr3", system.cr3), ("cr4", system.cr4),
      ("efer", system.efer), ("cs", UInt64(system.cs.selector)), ("cs base", system.cs.base),
      ("ss", UInt64(system.ss.selector)), ("gdt base", system.gdt.base), ("idt base", system.idt.base),
    ]
  }
}
