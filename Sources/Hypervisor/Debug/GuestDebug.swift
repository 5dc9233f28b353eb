internal import CKVM

/// What makes KVM leave the guest for a debugger (KVM API documentation, KVM_SET_GUEST_DEBUG).
struct GuestDebug: Hashable, Sendable {
  /// KVM_GUESTDBG_ flags.
  private(set) var control: UInt32 = 0
  private(set) var registers = DebugRegisters()

  /// Everything as if there were no debugger.
  static let off = GuestDebug()

  mutating func useSoftwareBreakpoints() {
    add(KVM_GUESTDBG_USE_SW_BP)
  }

  mutating func use(_ registers: DebugRegisters) {
    self.registers = registers
    add(KVM_GUESTDBG_USE_HW_BP)
  }

  /// - Parameter blocksInterrupts: the step does not end in the handler of one that waits.
  mutating func step(blocksInterrupts: Bool) {
    add(KVM_GUESTDBG_SINGLESTEP)
    if blocksInterrupts { add(KVM_GUESTDBG_BLOCKIRQ) }
  }

  /// Hands the guest the exception that it made itself.
  mutating func inject(_ exception: DebugException) {
    switch exception {
    case .debug: add(KVM_GUESTDBG_INJECT_DB)
    case .breakpoint: add(KVM_GUESTDBG_INJECT_BP)
    }
  }

  /// Whether KVM_SET_GUEST_DEBUG with `flags` of the capability KVM_CAP_SET_GUEST_DEBUG2 can block interrupts.
  static func canBlockInterrupts(flags: Int) -> Bool {
    flags & Int(KVM_GUESTDBG_BLOCKIRQ) != 0
  }

  private mutating func add(_ flag: Int32) {
    control |= UInt32(bitPattern: flag | KVM_GUESTDBG_ENABLE)
  }
}

/// The two exceptions that debuggers live on.
enum DebugException: Hashable, Sendable {
  /// #DB: a step, or a debug register.
  case debug
  /// #BP: the instruction INT3.
  case breakpoint
}
