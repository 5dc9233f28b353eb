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
  private let observer: ExitObserver
  private var history = ExitHistory()

  init(
    _ vcpu: consuming VirtualCPU, handle: VCPUHandle, dispatcher: ExitDispatcher, power: PowerControl,
    memory: GuestMemory, reported: SharedEvent, statistics: ExitStatistics? = nil,
    trace: TraceWriter = TraceWriter()
  ) {
    self.vcpu = vcpu
    self.handle = handle
    self.dispatcher = dispatcher
    self.power = power
    self.memory = memory
    self.reported = reported
    self.statistics = statistics
    observer = ExitObserver(statistics, trace: trace)
  }

  /// Runs the guest until it ends or is stopped.
  mutating func run() -> VCPUEnding {
    // The run area is a field of self, which outlives the withdrawal.
    unsafe handle.announce(immediateExit: vcpu.immediateExit)
    defer { handle.withdraw() }
    if observer.isOn { return runObserved() }
    while true {
      if handle.hasRequests, let ending = answerRequests() { return ending }
      let exit = vcpu.run()
      if let ending = answer(exit) { return ending }
    }
  }

  /// The same loop with counting and tracing: one of its own, so that the other pays nothing for them.
  private mutating func runObserved() -> VCPUEnding {
    observer.begin()
    defer { observer.end() }
    while true {
      if handle.hasRequests, let ending = answerRequests() { return ending }
      let exit = vcpu.run()
      let start = ExitRecorder.now
      let ending = answer(exit)
      observer.note(exit, of: vcpu, since: start)
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
    case .debug, .failedEntry, .internalError, .runFailed, .unexpected:
      return unhandled(exit)
    }
  }

  // Reports allocate, and debuggers take their time: both stay out of the loop's code.
  @inline(never)
  private mutating func tripleFault(_ exit: VCPUExit) -> VCPUEnding? {
    if let bay = handle.bay { return hold(exit, in: bay) }
    return .tripleFault(report(on: exit))
  }

  @inline(never)
  private mutating func unhandled(_ exit: VCPUExit) -> VCPUEnding? {
    if let bay = handle.bay { return hold(exit, in: bay) }
    return .crashed(report(on: exit))
  }

  /// Nil: run on.
  @inline(never)
  private mutating func answerRequests() -> VCPUEnding? {
    let requests = takeRequests()
    if requests & VCPUHandle.Request.stop != 0 { return .stopped }
    if requests & VCPUHandle.Request.pause != 0, let bay = handle.bay { return hold(nil, in: bay) }
    return nil
  }

  /// Takes what waits, and tells where the vCPU is when that was asked.
  func takeRequests() -> UInt8 {
    let requests = handle.takeRequests()
    if requests & VCPUHandle.Request.report != 0 {
      handle.answer(report(on: nil))
      reported.event.signal()
    }
    return requests
  }

  func report(on exit: VCPUExit?) -> CPUReport {
    CPUReport(vcpu, exit: exit, history: history, memory: memory)
  }
}

/// The last few exits of a vCPU, for reports.
struct ExitHistory {
  private var exits: InlineArray<8, VCPUExit> = .init(repeating: .interrupted)
  private(set) var count = 0

  @inline(__always)
  mutating func note(_ exit: VCPUExit) {
    exits[count & 7] = exit
    count &+= 1
  }

  /// Newest first.
  var latest: [VCPUExit] {
    (0..<min(count, 8)).map { exits[(count &- 1 &- $0) & 7] }
  }
}
