internal import Devices
internal import Hypervisor
internal import SystemPackage

/// One `swiftvm run`: the files, the companions, and as many machines, one after the other, as the guest reboots.
final class Session {
  private let plan: MachinePlan
  private let log: VerboseLog
  private var companions: [any Companion] = []
  private var hasWarned = false

  init(_ plan: MachinePlan, log: VerboseLog) {
    self.plan = plan
    self.log = log
  }

  /// Runs until the guest ends for good.
  ///
  /// - Returns: what the process is to end with: 0, or what the guest wrote to its debug port.
  func run() throws(Failure) -> UInt8 {
    // First, and so carried out last: nothing of a machine is left then.
    defer { for companion in companions.reversed() { companion.end() } }
    try plan.check()
    var parts = MachineParts(try plan.openImage())
    parts.firmwareFiles = try FirmwareOption.open(plan.firmwareFiles)
    let disks = try plan.openDisks(log: log)
    parts.disks = Dictionary(uniqueKeysWithValues: disks.map { ($0.key, $0.part) })
    let kvm = try HostKVM.open()
    let cpuid: CPUIDTable
    do throws(KVMError) {
      cpuid = try kvm.supportedCPUID()
    } catch {
      throw Failure(error)
    }
    var spec = try validated(HostLimits(of: kvm, cpuid: cpuid))
    log("KVM: API 12, up to \(kvm.maximumVCPUs) vCPUs; \(Virtualisation.detect().description)")

    let loop = try hosted("the event loop") { () throws(Errno) in try EventLoop() }
    // Signals first: from here on none of them ends the process behind the back of what must be undone.
    let control = try accompanied(by: Control(plan, disks: disks, on: loop, log: log))
    let presence: MachinePresence
    do throws(Failure) {
      presence = try accompanied(
        by: MachinePresence(of: plan, on: loop, log: log) { [unowned control] in control.isEndWanted })
    } catch {
      guard control.isEndWanted else { throw error }
      log("ended as asked")
      return 0
    }
    for card in presence.cards {
      parts.cards[card.key] = card.backend
      do throws(MachineSpecError) {
        try spec.settle(card: card.key, mac: card.mac, mtu: card.mtu)
      } catch {
        throw Failure(error)
      }
    }
    _ = try accompanied(by: DiskReports(disks, on: loop))
    let instruments = try accompanied(
      by: Instruments(plan, name: presence.name ?? "swiftvm", disks: disks, since: log.start, on: loop))
    let consoles = try accompanied(
      by: Consoles(plan, on: loop, log: log, onCommand: { [unowned control] in control.carryOut($0) }))
    control.consoles = consoles
    presence.note(consoles)
    if let address = plan.debugger {
      _ = try accompanied(by: Debugger(plan, at: address, on: loop, log: log))
    }

    var builder = MachineBuilder(spec, parts: parts, kvm: kvm, cpuid: cpuid)
    builder.onStage = { [log] in log($0) }
    builder.isCancelled = { control.isEndWanted }
    builder.countsExits = plan.countsExits
    builder.isDebugged = plan.debugger != nil
    builder.runsKernelsNatively = plan.debugger == nil || Virtualisation.detect().runsKernelsNatively
    builder.trace = instruments.trace
    return try runMachines(builder, loop, control, consoles, instruments)
  }

  private func accompanied<Other: Companion>(by companion: Other) throws(Failure) -> Other {
    companions.append(companion)
    return companion
  }

  private func validated(_ host: HostLimits) throws(Failure) -> ValidatedSpec {
    let validated: ValidatedSpec
    do throws(MachineSpecError) {
      validated = try plan.spec.validated(on: host)
    } catch {
      throw Failure(error)
    }
    if let warning = try HostMemory.ofThisHost()?.check(plan.memory) { StandardError.warn(warning) }
    for entry in validated.memoryMap.entries {
      log("memory map: \(entry.range.base)-\(entry.range.last) \(entry.kind)")
    }
    return validated
  }

  private func runMachines(
    _ builder: borrowing MachineBuilder, _ loop: EventLoop, _ control: Control, _ consoles: Consoles,
    _ instruments: Instruments
  ) throws(Failure) -> UInt8 {
    var rules = RebootRules(plan.onReboot)
    while true {
      // What a machine ends by that nobody wants any more before it is made.
      var ending = MachineEnding.stopped
      do throws(MachineError) {
        let machine = try builder.build(
          serial: instruments.listening(to: consoles.serial.sink),
          console: consoles.virtio.map { instruments.listening(to: $0.sink) })
        describe(machine)
        ending = try run(machine, on: loop)
        if plan.hasExitStatistics { ExitStatisticsText.tell(machine) }
      } catch {
        guard case .cancelled = error else { throw Failure(error) }
      }
      if let remark = ending.remark { log(remark) }
      let decision = rules.decide(ending, isShuttingDown: control.isShuttingDown)
      if case .fail = decision { consoles.close() }
      if let report = ending.report {
        StandardError.line(CrashText.text(report, on: Virtualisation.detect().cpu))
      }
      switch decision {
      case .end(let status):
        // A reader who does not read must not hold up somebody who wants the end.
        if case .stopped = ending { consoles.close(milliseconds: 500) }
        return status
      case .fail(let failure): throw failure
      case .startAfresh(let reason): StandardError.line("the \(reason): it starts afresh")
      }
    }
  }

  private func run(_ machine: Machine, on loop: EventLoop) throws(MachineError) -> MachineEnding {
    var ending: MachineEnding?
    defer { for companion in companions.reversed() { companion.detach(ending) } }
    for companion in companions { try companion.attach(machine) }
    log("the machine runs")
    let result = try machine.run(on: loop)
    ending = result
    return result
  }

  private func describe(_ machine: Machine) {
    log("kernel: \(machine.kernel.format), \(machine.kernel.range.base) to \(machine.kernel.range.last)")
    if let line = machine.kernel.commandLine { log("command line: \(line)") }
    if let initrd = machine.kernel.initrd { log("initrd: \(initrd.base) to \(initrd.last)") }
    if machine.kernel.isLinux { warnWhereEmulated() }
  }

  /// Says at once what would otherwise look like a hang, and then like a crash.
  private func warnWhereEmulated() {
    guard !hasWarned, !Virtualisation.detect().runsKernelsNatively else { return }
    hasWarned = true
    StandardError.warn(
      """
      this CPU offers neither VMX nor SVM, so KVM emulates the kernel's code and will stop at the first \
      instruction that it does not know; `swiftvm doctor` tells more
      """)
  }
}

/// What `body` makes; a host that refuses it is named by `what`.
func hosted<Result: ~Copyable>(
  _ what: String, _ body: () throws(Errno) -> Result
) throws(Failure) -> Result {
  do throws(Errno) {
    return try body()
  } catch {
    throw Failure(MachineError.host(what, error))
  }
}
