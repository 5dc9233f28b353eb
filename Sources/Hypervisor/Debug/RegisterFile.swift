internal import CKVM

/// The registers of a vCPU, as values, and what of them was changed.
struct RegisterFile: Sendable {
  /// What KVM reads and writes in one go.
  struct Part: OptionSet, Sendable {
    let rawValue: UInt8
    static let general = Part(rawValue: 1 << 0)
    static let system = Part(rawValue: 1 << 1)
    static let extended = Part(rawValue: 1 << 2)
  }

  private(set) var general: kvm_regs
  private(set) var system: kvm_sregs
  private(set) var extended: ExtendedState
  private(set) var changed: Part = []

  init(general: kvm_regs = kvm_regs(), system: kvm_sregs = kvm_sregs(), extended: ExtendedState = .init()) {
    self.general = general
    self.system = system
    self.extended = extended
  }

  /// Where the next instruction is, as an address that paging translates.
  var linearInstructionPointer: UInt64 { system.cs.base &+ general.rip }

  /// A register's bytes, the lowest first, as many as gdb gives it.
  func bytes(of register: DebugRegister) -> [UInt8] {
    switch register.place {
    case .general(let path): Self.bytes(general[keyPath: path], register.size)
    case .selector(let path): Self.bytes(UInt64(system[keyPath: path].selector), register.size)
    case .base(let path): Self.bytes(system[keyPath: path].base, register.size)
    case .system(let path): Self.bytes(system[keyPath: path], register.size)
    case .table(let path): Self.bytes(system[keyPath: path].base, register.size)
    case .extended(let count, let offset):
      extended.bytes(count, at: offset) + [UInt8](repeating: 0, count: register.size - count)
    case .tagWord: Self.bytes(UInt64(extended.tagWord), register.size)
    }
  }

  /// - Returns: false where the register cannot have this value.
  mutating func set(_ register: DebugRegister, to bytes: [UInt8]) -> Bool {
    guard bytes.count == register.size else { return false }
    guard bytes != self.bytes(of: register) else { return true }
    // Used below for registers of at most 8 bytes.
    let value = bytes.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    switch register.place {
    case .general(let path): general[keyPath: path] = value
    // A new selector would want its descriptor loaded, which only an instruction of the guest does right.
    case .selector: return false
    case .base(let path): system[keyPath: path].base = value
    case .system(let path): system[keyPath: path] = value
    case .table(let path): system[keyPath: path].base = value
    case .extended(let count, let offset): extended.set(Array(bytes.prefix(count)), at: offset)
    case .tagWord: extended.tagWord = UInt16(truncatingIfNeeded: value)
    }
    changed.insert(register.part)
    return true
  }

  private static func bytes(_ value: UInt64, _ size: Int) -> [UInt8] {
    (0..<size).map { UInt8(truncatingIfNeeded: value >> UInt64(8 * $0)) }
  }
}

extension DebugRegister {
  fileprivate var part: RegisterFile.Part {
    switch place {
    case .general: .general
    case .selector, .base, .system, .table: .system
    case .extended, .tagWord: .extended
    }
  }
}

extension VirtualCPU {
  func registerFile() throws(KVMError) -> RegisterFile {
    RegisterFile(
      general: try registers(), system: try systemRegisters(), extended: ExtendedState(try extendedState()))
  }

  /// Writes what was changed, and the general registers in any case: that takes back an exception that KVM had ready
  /// for the guest.
  func set(_ file: RegisterFile) throws(KVMError) {
    if file.changed.contains(.system) { try set(file.system) }
    if file.changed.contains(.extended) { try set(extendedState: file.extended.area) }
    try set(file.general)
  }
}
