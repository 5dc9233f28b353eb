/// A model-specific register and the value that it starts with.
struct ModelSpecificRegister: Hashable, Sendable {
  let number: UInt32
  let value: UInt64

  /// What firmware would have set before it started the kernel. Everything else stays as the
  /// hardware's reset, and KVM, leave it (Intel SDM volume 3, table "Processor states following
  /// power-up, reset or INIT").
  static let initial: [ModelSpecificRegister] = [
    // IA32_MISC_ENABLE: fast string operations on.
    ModelSpecificRegister(number: 0x1A0, value: 1),
    // IA32_MTRR_DEF_TYPE: MTRRs enabled, everything write-back. Without it Linux takes all
    // memory for uncached.
    ModelSpecificRegister(number: 0x2FF, value: 1 << 11 | 6),
    // IA32_TIME_STAMP_COUNTER: every vCPU starts from the same count.
    ModelSpecificRegister(number: 0x10, value: 0),
  ]
}
