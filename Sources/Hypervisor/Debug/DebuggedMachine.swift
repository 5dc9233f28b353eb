internal import Devices

/// A machine in a debugger's hands: stops its vCPUs together and sends them on, and tells the guest's own debug
/// exceptions from those that the debugger caused.
///
/// Belongs to the thread of the machine's event loop.
final class DebuggedMachine {
  /// What the host offers.
  struct Abilities: Sendable {
    /// Whether the guest's kernel code triggers breakpoints on data. Where KVM emulates it, it does not.
    var hasDataBreakpoints = true
    /// Whether a step can leave interrupts waiting.
    var canBlockInterrupts = false
  }

  private enum State {
    case runs
    /// On the way: vCPUs have been asked.
    case stopping
    case stands
  }

  let description: TargetDescription
  /// Signalled when a vCPU stopped; whoever watches it calls `takeStops`.
  let stopped: SharedEvent
  private let vcpus: [VCPUHandle]
  private let abilities: Abilities
  private var state = State.runs
  private var motions: [DebugMotion]
  /// Why each vCPU stands, if it does.
  private var stops: [VCPUBay.Stop?]
  /// What each vCPU that stands is to be given when it goes on.
  private var own: [DebugException?]
  /// Watches that triggered while another event was told.
  private var untold: [DebugEvent] = []
  /// Why the machine stopped.
  private var event: DebugEvent?
  private var hasDebugger = false
  /// Whether the machine is to stand until the first debugger comes.
  private var isAwaited = false
  /// Whether breakpoints of a debugger that is gone are still there.
  private var hasLeftovers = false

  var memory: DebugMemory
  var registers = DebugRegisters()
  var steppedWatches: [SteppedWatch] = []

  init(
    _ vcpus: [VCPUHandle], memory: GuestMemory, description: TargetDescription, abilities: Abilities,
    stopped: SharedEvent
  ) {
    self.vcpus = vcpus
    self.memory = DebugMemory(memory)
    self.description = description
    self.abilities = abilities
    self.stopped = stopped
    motions = vcpus.map { _ in .go }
    stops = vcpus.map { _ in nil }
    own = vcpus.map { _ in nil }
  }

  var vcpuCount: Int { vcpus.count }
  var hasDataBreakpoints: Bool { abilities.hasDataBreakpoints }

  /// Whether all vCPUs stand still for the debugger.
  var isStanding: Bool { state == .stands }

  // MARK: Stopping

  /// Stops the machine before its first instruction, until a debugger has come.
  func awaitDebugger() {
    isAwaited = true
    stop()
  }

  /// A debugger is there: the machine stops, if it does not stand already.
  func take() {
    hasDebugger = true
    isAwaited = false
    stop()
  }

  /// The debugger is gone: the guest goes on as if there had been none.
  func release() {
    hasDebugger = false
    hasLeftovers = true
    if state == .stands { goOn() } else { stop() }
  }

  func stop() {
    guard state == .runs else { return }
    state = .stopping
    for index in vcpus.indices where stops[index] == nil { vcpus[index].ask(VCPUHandle.Request.pause) }
  }

  /// Looks at which vCPUs have stopped.
  /// - Returns: why the machine did, once all of its vCPUs stand and a debugger wants to know.
  func takeStops() -> DebugEvent? {
    stopped.event.take()
    for index in vcpus.indices where stops[index] == nil {
      guard let stop = vcpus[index].bay?.stop else { continue }
      stops[index] = stop
      judge(stop, of: index)
    }
    guard state == .stopping, !stops.contains(nil) else { return nil }
    state = .stands
    if hasLeftovers { clear() }
    if hasDebugger { return event ?? DebugEvent(vcpu: 0, cause: .interrupted) }
    if !isAwaited { goOn() }
    return nil
  }

  /// Whether a stop is the debugger's, and what follows.
  private func judge(_ stop: VCPUBay.Stop, of index: Int) {
    guard stop != .asked, let cause = cause(of: stop, at: index) else {
      own[index] = ownException(stop, index)
      // A request to stop may come late, when others have stopped the machine and sent it on since.
      if state == .runs { start(index) }
      return
    }
    guard hasDebugger, !hasLeftovers else {
      // Of a guest that cannot go on this is the end.
      if state == .runs { start(index) }
      return
    }
    let new = DebugEvent(vcpu: index, cause: cause)
    if event == nil {
      event = new
      self.stop()
    } else if case .watch = cause {
      // What happens at an instruction happens again; an access to data is over.
      untold.append(new)
    }
  }

  /// The exception that the guest made itself, if that is what stopped it, and is to have.
  private func ownException(_ stop: VCPUBay.Stop, _ index: Int) -> DebugException? {
    guard case .debug(let exception, _, _) = stop else { return nil }
    let wasStepped = motions[index] == .step || !steppedWatches.isEmpty
    return exception == .debug && wasStepped ? nil : exception
  }

  /// What stopped a vCPU, if the debugger wanted that.
  private func cause(of stop: VCPUBay.Stop, at index: Int) -> DebugEvent.Cause? {
    switch stop {
    case .asked: nil
    case .stepped: stepCause(index)
    case .debug(.breakpoint, let address, _): isOurs(address, index) ? .softwareBreakpoint : nil
    case .debug(.debug, _, let status):
      if let hit = registers.triggered(status) {
        hit.kind == .execute ? .hardwareBreakpoint : .watch(hit.address, isAccess: hit.kind == .access)
      } else {
        // DR6.BS: a single step.
        status & 1 << 14 != 0 ? stepCause(index) : nil
      }
    case .crashed(let exit): crashCause(exit, index)
    }
  }

  private func stepCause(_ index: Int) -> DebugEvent.Cause? {
    if let changed = takeChangedWatch() { return .watch(changed.address, isAccess: false) }
    return motions[index] == .step ? .stepped : nil
  }

  private func crashCause(_ exit: VCPUExit, _ index: Int) -> DebugEvent.Cause {
    if exit == .tripleFault { return .tripleFault }
    // KVM's emulator does not know INT3: where it runs the guest, a breakpoint is an instruction that it refuses.
    guard case .internalError = exit, let registers = self.registers(of: index),
      isOurs(registers.linearInstructionPointer, index)
    else { return .crashed }
    // Takes back the exception that KVM had ready.
    _ = set(registers, of: index)
    stops[index] = .asked
    return .softwareBreakpoint
  }

  private func isOurs(_ address: UInt64, _ index: Int) -> Bool {
    translate(address, index).map(memory.breakpoints.isThere) ?? false
  }

  // MARK: Going on

  /// Sends vCPUs on.
  /// - Returns: an event that is to be told first; nothing moves then.
  func resume(_ motions: [DebugMotion]) -> DebugEvent? {
    if let index = untold.firstIndex(where: { motions[$0.vcpu] != .stay }) { return untold.remove(at: index) }
    self.motions = motions
    event = nil
    state = .runs
    for index in vcpus.indices where motions[index] != .stay { start(index) }
    return nil
  }

  private func goOn() {
    if hasLeftovers { clear() }
    _ = resume(motions.map { _ in .go })
  }

  /// Takes out what a debugger has set. All vCPUs stand.
  private func clear() {
    hasLeftovers = false
    untold = []
    event = nil
    memory.removeAllBreakpoints()
    registers = DebugRegisters()
    steppedWatches = []
  }

  private func start(_ index: Int) {
    let vcpu = vcpus[index]
    guard let bay = vcpu.bay, let stop = stops[index] else { return }
    stops[index] = nil
    if case .crashed = stop { return bay.order(.end) }
    let steps = motions[index] == .step || !steppedWatches.isEmpty
    var settings = GuestDebug.off
    if !memory.breakpoints.isEmpty { settings.useSoftwareBreakpoints() }
    if !registers.isEmpty { settings.use(registers) }
    if steps {
      settings.step(blocksInterrupts: abilities.canBlockInterrupts && motions[index] == .step)
    }
    apply(settings, injecting: own[index], in: bay)
    own[index] = nil
    bay.order(steps ? .step : .run)
  }

  private func apply(_ settings: GuestDebug, injecting exception: DebugException?, in bay: VCPUBay) {
    _ = bay.perform { vcpu in
      if let exception {
        var injecting = settings
        injecting.inject(exception)
        if (try? vcpu.set(injecting)) != nil { return }
        // Another one waits already, and stands for both.
      }
      try? vcpu.set(settings)
    }
  }

  // MARK: vCPUs that stand

  /// Has a vCPU that stands do `work`.
  func perform<Value: Sendable>(
    on index: Int, _ work: @escaping @Sendable (borrowing VirtualCPU) -> Value
  ) -> Value? {
    vcpus[index].bay?.perform(work)
  }

  func translate(_ address: UInt64, _ vcpu: Int) -> GuestAddress? {
    perform(on: vcpu) { $0.physicalAddress(ofVirtual: address) } ?? nil
  }
}
