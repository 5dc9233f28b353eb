internal import Devices

/// Who looks on while a vCPU runs: the one who counts its exits, and the one who traces them. A plain value without
/// references, so that the exit path counts none.
struct ExitObserver {
  let recorder: ExitRecorder
  let trace: TraceWriter

  init(_ statistics: ExitStatistics?, trace: TraceWriter) {
    recorder = ExitRecorder(statistics?.cells)
    self.trace = trace
  }

  var isOn: Bool { recorder.isOn || trace.isOn }

  func begin() { if recorder.isOn { recorder.begin() } }

  func end() { if recorder.isOn { recorder.end() } }

  /// Notes an exit that came at `start` and has been answered.
  @inline(__always)
  func note(_ exit: VCPUExit, of vcpu: borrowing VirtualCPU, since start: UInt64) {
    if recorder.isOn { recorder.note(exit, since: start) }
    guard trace.isOn else { return }
    let (reason, address) = exit.counted
    trace.exit(
      TracedExit.detail(reason, width: exit.width), count: exit.count, address: address,
      value: vcpu.value(of: exit),
      instructionPointer: vcpu.instructionPointer, since: start)
  }
}

/// What the `detail` of a traced exit holds.
public enum TracedExit {
  @inline(__always)
  static func detail(_ reason: ExitReason, width: UInt8) -> UInt8 {
    UInt8(truncatingIfNeeded: reason.rawValue) | width &<< 4
  }

  /// - Returns: the reason, and the bytes of one access, 0 where there is none.
  public static func parts(_ detail: UInt8) -> (reason: ExitReason, width: Int) {
    (ExitReason(rawValue: Int(detail & 0xF)) ?? .other, Int(detail >> 4))
  }
}

extension VCPUExit {
  /// Bytes of one access, at most 8; 0: it is none.
  @inline(__always)
  fileprivate var width: UInt8 {
    switch self {
    case .portRead(let access), .portWrite(let access): access.width & 0xF
    case .mmioRead(_, let width), .mmioWrite(_, let width, _): width
    default: 0
    }
  }

  /// How many values: more than 1 for string instructions.
  @inline(__always)
  fileprivate var count: UInt32 {
    switch self {
    case .portRead(let access), .portWrite(let access): access.count
    default: 1
    }
  }
}
