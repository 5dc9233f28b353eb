internal import Devices

/// Why a vCPU will not run any more.
enum VCPUEnding: Sendable {
  /// It was asked to stop, or the machine is about to end.
  case stopped
  /// The guest reset itself by a triple fault.
  case tripleFault(CPUReport)
  /// The guest cannot go on.
  case crashed(CPUReport)
}

/// The life of a vCPU: run, see why it left, answer, run again.
struct VCPULoop: ~Copyable {
  let vcpu: VirtualCPU
  let handle: VCPUHandle
  let dispatcher: ExitDispatcher
  let power: PowerControl
  /// For reports: the bytes at RIP.
  let memory: GuestMemory
  /// Signalled when a report was asked for and given.
  let reported: SharedEvent
  /// Nil: nothing is counted.
  private let statistics: ExitStatistics?
  // Writes into the cells of `statistics`.
  private let recorder: ExitRecorder
  private var history = ExitHistory()

  init(
    _ vcpu: consuming VirtualCPU, handle: VCPUHandle, dispatcher: ExitDispatcher, power: PowerControl,
    memory: GuestMemory, reported: SharedEvent, statistics: ExitStatistics? = nil
  ) {
    self.vcpu = vcpu
    self.handle = handle
    self.dispatcher = dispatcher
    self.power = power
    self.memory = memory
    self.reported = reported
    self.statistics = statistics
    recorder = ExitRecorder(statistics?.cells)
  }

  /// Runs the guest until it ends or is stopped.
  mutating func run() -> VCPUEnding {
    // The run area is a field of self, which outlives the withdrawal.
    unsafe handle.announce(immediateExit: vcpu.immediateExit)
    defer { handle.withdraw() }
    if recorder.isOn { return runCounting() }
    while true {
      if handle.hasRequests, answerRequests() { return .stopped }
      let exit = vcpu.run()
      if let ending = answer(exit) { return ending }
    }
  }

  /// The same loop with counting: one of its own, so that the other pays nothing for it.
  private mutating func runCounting() -> VCPUEnding {
    recorder.begin()
    defer { recorder.end() }
    while true {
      if handle.hasRequests, answerRequests() { return .stopped }
      let exit = vcpu.run()
      let start = ExitRecorder.now
      let ending = answer(exit)
      recorder.note(exit, since: start)
      if let ending { return ending }
    }
  }

  /// Carries out one exit. Nil: run on.
  @inline(__always)
  mutating func answer(_ exit: VCPUExit) -> VCPUEnding? {
    history.note(exit)
    switch exit {
    case .portWrite(let access):
      guard let data = unsafe vcpu.portData(access) else { return unhandled(exit) }
      // portData checked that the data lies in the run area.
      unsafe dispatcher.write(access, from: data)
      // A port can end the machine; the guest must not go on as if it had not.
      return power.pending == nil ? nil : .stopped
    case .portRead(let access):
      guard let data = unsafe vcpu.portData(access) else { return unhandled(exit) }
      // portData checked that the data lies in the run area.
      unsafe dispatcher.read(access, into: data)
      return nil
    case .mmioWrite(let address, let width, let value):
      dispatcher.memory.write(value, to: address, width: Int(width))
      return nil
    case .mmioRead(let address, let width):
      vcpu.completeMMIORead(dispatcher.memory.read(address, width: Int(width)))
      return nil
    case .interrupted, .halt:
      return nil
    case .tripleFault:
      return tripleFault(exit)
    case .failedEntry, .internalError, .runFailed, .unexpected:
      return unhandled(exit)
    }
  }

  // Reports allocate: what makes them stays out of the loop's code.
  @inline(never)
  private func tripleFault(_ exit: VCPUExit) -> VCPUEnding {
    .tripleFault(report(on: exit))
  }

  @inline(never)
  private func unhandled(_ exit: VCPUExit) -> VCPUEnding {
    .crashed(report(on: exit))
  }

  /// Whether to stop.
  @inline(never)
  private func answerRequests() -> Bool {
    let requests = handle.takeRequests()
    if requests & VCPUHandle.Request.stop != 0 { return true }
    if requests & VCPUHandle.Request.report != 0 {
      handle.answer(report(on: nil))
      reported.event.signal()
    }
    return false
  }

  private func report(on exit: VCPUExit?) -> CPUReport {
    CPUReport(vcpu, exit: exit, history: history.latest, memory: memory)
  }
}

/// The last few exits of a vCPU, for reports.
struct ExitHistory {
  private var exits: InlineArray<8, VCPUExit> = .init(repeating: .interrupted)
  private var next = 0

  @inline(__always)
  mutating func note(_ exit: VCPUExit) {
    exits[next & 7] = exit
    next &+= 1
  }

  /// Newest first.
  var latest: [VCPUExit] {
    (0..<min(next, 8)).map { exits[(next &- 1 &- $0) & 7] }
  }
}
