internal import CKVM

/// A port access of a vCPU; `count` is more than 1 for string instructions.
struct PortAccess: Hashable, Sendable {
  let port: UInt16
  /// Bytes an access: 1, 2 or 4.
  let width: UInt8
  let count: UInt32
  /// Where the data lies in the vCPU's run area, in bytes.
  let dataOffset: UInt64
}

/// Why a vCPU left the guest. A plain value: it holds no reference, and making one costs no more
/// than reading `kvm_run` (KVM API documentation, section 5).
enum VCPUExit: Hashable, Sendable {
  case portRead(PortAccess)
  case portWrite(PortAccess)
  /// `width` is 1 to 8 bytes.
  case mmioRead(address: UInt64, width: UInt8)
  case mmioWrite(address: UInt64, width: UInt8, value: UInt64)
  /// A kick, or a signal.
  case interrupted
  case halt
  /// A breakpoint, a watchpoint or a single step that a debugger asked KVM for.
  case debug
  /// The guest faulted while it handled a double fault.
  case tripleFault
  /// The hardware refused the guest's state; `reason` is the hardware's number.
  case failedEntry(reason: UInt64)
  /// KVM could not handle what the guest did (KVM_EXIT_INTERNAL_ERROR).
  case internalError(suberror: UInt32)
  /// KVM_RUN itself failed.
  case runFailed(Int32)
  /// A reason that nothing here asked KVM for.
  case unexpected(reason: UInt32)

  /// Decodes what KVM left in a vCPU's run area.
  @inline(__always)
  init(_ run: UnsafePointer<kvm_run>) {
    // `run` is a live run area, and the union member read is the one that exit_reason names.
    switch unsafe Int32(bitPattern: run.pointee.exit_reason) {
    case KVM_EXIT_IO:
      let io = unsafe run.pointee.io
      let access = PortAccess(port: io.port, width: io.size, count: io.count, dataOffset: io.data_offset)
      self = io.direction == UInt8(KVM_EXIT_IO_IN) ? .portRead(access) : .portWrite(access)
    case KVM_EXIT_MMIO:
      let mmio = unsafe run.pointee.mmio
      let width = UInt8(truncatingIfNeeded: min(mmio.len, 8))
      if mmio.is_write != 0 {
        let value = unsafe withUnsafeBytes(of: mmio.data) { unsafe $0.loadUnaligned(as: UInt64.self) }
        self = .mmioWrite(address: mmio.phys_addr, width: width, value: value)
      } else {
        self = .mmioRead(address: mmio.phys_addr, width: width)
      }
    case KVM_EXIT_INTR: self = .interrupted
    case KVM_EXIT_HLT: self = .halt
    case KVM_EXIT_DEBUG: self = .debug
    case KVM_EXIT_SHUTDOWN: self = .tripleFault
    case KVM_EXIT_FAIL_ENTRY:
      self = .failedEntry(reason: unsafe run.pointee.fail_entry.hardware_entry_failure_reason)
    case KVM_EXIT_INTERNAL_ERROR:
      self = .internalError(suberror: unsafe run.pointee.internal.suberror)
    default: self = .unexpected(reason: unsafe run.pointee.exit_reason)
    }
  }
}

extension VCPUExit: CustomStringConvertible {
  var description: String {
    func hex(_ value: some BinaryInteger) -> String { "0x" + String(value, radix: 16) }
    switch self {
    case .portRead(let access):
      return "port read \(hex(access.port)), \(access.width) bytes × \(access.count)"
    case .portWrite(let access):
      return "port write \(hex(access.port)), \(access.width) bytes × \(access.count)"
    case .mmioRead(let address, let width): return "MMIO read \(hex(address)), \(width) bytes"
    case .mmioWrite(let address, let width, _): return "MMIO write \(hex(address)), \(width) bytes"
    case .interrupted: return "interrupted"
    case .halt: return "HLT"
    case .debug: return "debug exception"
    case .tripleFault: return "triple fault"
    case .failedEntry(let reason): return "entry refused by the hardware, reason \(hex(reason))"
    case .internalError(let suberror): return "KVM internal error, suberror \(suberror)"
    case .runFailed(let errno): return "KVM_RUN failed, errno \(errno)"
    case .unexpected(let reason): return "exit reason \(reason)"
    }
  }
}
