/// What a debugger's session asks of a machine whose vCPUs all stand still.
protocol DebugTarget: AnyObject {
  /// vCPUs, numbered from 0.
  var vcpuCount: Int { get }
  var description: TargetDescription { get }

  /// Nil where the vCPU does not tell.
  func registers(of vcpu: Int) -> RegisterFile?
  /// Whether the vCPU took them.
  func set(_ registers: RegisterFile, of vcpu: Int) -> Bool

  /// At most `count` bytes: as many as there are without a gap.
  func read(_ count: Int, at address: DebugAddress) -> [UInt8]
  /// Writes all of `bytes` or, where there is a gap, nothing.
  func write(_ bytes: [UInt8], at address: DebugAddress) -> Bool

  func insert(_ breakpoint: DebugBreakpoint, seenBy vcpu: Int) throws(DebugRefusal)
  func remove(_ breakpoint: DebugBreakpoint)
}

/// An address as a debugger gives it.
enum DebugAddress: Hashable, Sendable {
  case physical(UInt64)
  /// Translated as the vCPU would.
  case virtual(UInt64, vcpu: Int)
}

enum DebugBreakpoint: Hashable, Sendable {
  /// INT3 in the code.
  case software(UInt64)
  /// A debug register.
  case hardware(DebugRegisters.Breakpoint)
}

/// Why a breakpoint cannot be had.
enum DebugRefusal: Error, Hashable, Sendable {
  /// Nothing is mapped there.
  case noMemory
  /// All are taken.
  case noneLeft
  /// Not on this host.
  case unsupported
}

/// What a vCPU is to do when the machine goes on.
enum DebugMotion: Hashable, Sendable {
  case stay
  case step
  case go
}

/// Why a machine stopped, for its debugger.
struct DebugEvent: Hashable, Sendable {
  enum Cause: Hashable, Sendable {
    /// Somebody asked.
    case interrupted
    case stepped
    case softwareBreakpoint
    case hardwareBreakpoint
    /// A watch on this address.
    case watch(UInt64, isAccess: Bool)
    /// The guest cannot go on.
    case crashed
    case tripleFault
  }

  let vcpu: Int
  let cause: Cause
}
