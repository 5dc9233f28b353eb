internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// What reaches a running machine from outside: signals, escape keys, and the clock that runs while
/// it is silent or shuts down.
final class Control: Companion {
  private let loop: EventLoop
  private let log: VerboseLog
  private let plan: MachinePlan
  private let signals: OwnedDescriptor
  private let shutdownTimer: Timer
  private let hintTimer: Timer
  private let disks: [OpenedDisk]
  private var machine: Machine?
  /// The session's, once there are any.
  weak var consoles: Consoles?
  /// Whether SIGTERM came.
  private(set) var isShuttingDown = false
  private var hasHinted = false
  /// Where a silent guest stood at first.
  private var report: CPUReport?
  private var endWanted = false

  init(
    _ plan: MachinePlan, disks: [OpenedDisk], on loop: EventLoop, log: VerboseLog
  ) throws(Failure) {
    self.plan = plan
    self.disks = disks
    self.loop = loop
    self.log = log
    do throws(Errno) {
      var numbers = [SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGCONT]
      if plan.hasExitStatistics { numbers.append(SIGUSR1) }
      // The array is as long as told. Threads made from here on inherit the mask.
      signals = try OwnedDescriptor(result: unsafe chost_signalfd(numbers, numbers.count))
      let kick = clinux_install_kick_handler()
      if kick < 0 { throw Errno(rawValue: -kick) }
      shutdownTimer = try Timer()
      hintTimer = try Timer()
      _ = try loop.watch(signals.number) { [unowned self] in takeSignals() }
      _ = try loop.watch(shutdownTimer.number) { [unowned self] in shutdownTimedOut() }
      _ = try loop.watch(hintTimer.number) { [unowned self] in hintTimerFired() }
    } catch {
      throw Failure(MachineError.host("signal handling", error))
    }
  }

  /// From here on wishes go to `machine`. A wish that came before is carried out now.
  func attach(_ machine: Machine) {
    self.machine = machine
    // A guest in a debugger's hands is silent for as long as a person thinks.
    if !hasHinted, plan.bootHint > 0, plan.debugger == nil {
      hintTimer.arm(nanoseconds: UInt64(plan.bootHint) * 1_000_000_000)
    }
    if endWanted { machine.stop() }
  }

  /// Whether the end was asked for. Looks at the signals that came, for while a machine is made no loop does.
  var isEndWanted: Bool {
    takeSignals()
    return endWanted
  }

  func detach(_ ending: MachineEnding?) {
    machine = nil
    report = nil
    hintTimer.arm(nanoseconds: 0)
  }

  func carryOut(_ command: ConsoleCommand) {
    switch command {
    case .end: endMachine()
    case .help: StandardError.line(EscapeKeys.help)
    // A guest whose receiver is full would lose it on a wire too.
    case .sendBreak: _ = machine?.serialPort.receiveBreak()
    }
  }

  // MARK: Signals

  private func takeSignals() {
    while true {
      switch chost_signalfd_take(signals.number) {
      case 0: return
      case SIGTERM: shutDown()
      // Our terminal settings went while we were stopped.
      case SIGCONT: consoles?.resume()
      case SIGUSR1: if let machine { ExitStatisticsText.tell(machine) }
      default: endMachine()
      }
    }
  }

  private func endMachine() {
    endWanted = true
    machine?.stop()
  }

  private func shutDown() {
    guard !isShuttingDown, let machine else { return endMachine() }
    isShuttingDown = true
    log("SIGTERM: pressing the power button, \(plan.shutdownTimeout) s until a forced end")
    machine.pressPowerButton()
    guard plan.shutdownTimeout > 0 else { return endMachine() }
    shutdownTimer.arm(nanoseconds: UInt64(plan.shutdownTimeout) * 1_000_000_000)
  }

  private func shutdownTimedOut() {
    shutdownTimer.take()
    StandardError.warn(
      "the guest did not power off within \(plan.shutdownTimeout) s of SIGTERM: ended by force")
    endMachine()
  }

  // MARK: Silence

  private func hintTimerFired() {
    hintTimer.take()
    guard let consoles, consoles.areSilent else { return }
    machine?.askForReport { [unowned self] report in lookAtSilence(report) }
  }

  private func lookAtSilence(_ latest: CPUReport) {
    guard let report else {
      report = latest
      return hintTimer.arm(nanoseconds: 1_000_000_000)
    }
    hasHinted = true
    let counters = disks.map(\.monitor.counters)
    let silence = Silence(
      seconds: plan.bootHint, earlier: report, later: latest,
      diskRequests: counters.reduce(0) { $0 &+ $1.reads &+ $1.writes &+ $1.others },
      commandLine: machine?.kernel.commandLine)
    StandardError.line(silence.hint)
  }
}
