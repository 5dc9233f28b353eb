internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// One `swiftvm run`: the files, the console, the signals, and as many machines, one after the other,
/// as the guest reboots.
final class Session {
  private let wish: VMConfiguration
  private let log: VerboseLog
  private var hasWarned = false

  init(_ wish: VMConfiguration, log: VerboseLog) {
    self.wish = wish
    self.log = log
  }

  /// Runs until the guest ends for good.
  ///
  /// - Returns: what the process is to end with: 0, or what the guest wrote to its debug port.
  func run() throws(Failure) -> UInt8 {
    guard let image = wish.image else { throw Failure(ConfigurationError.noKernel) }
    let (kernel, initrd) = try open(image)
    let firmwareFiles = try FirmwareOption.open(wish.firmwareFiles)
    let disks = try openDisks()
    let kvm = try HostKVM.open()
    let cpuid: CPUIDTable
    let configuration: ValidatedConfiguration
    do throws(KVMError) {
      cpuid = try kvm.supportedCPUID()
    } catch {
      throw Failure(error)
    }
    do throws(ConfigurationError) {
      configuration = try wish.validated(on: HostLimits(of: kvm, cpuid: cpuid))
    } catch {
      throw Failure(error)
    }
    if let warning = try HostMemory.ofThisHost()?.check(wish.memory) { StandardError.warn(warning) }
    log("KVM: API 12, up to \(kvm.maximumVCPUs) vCPUs; \(Virtualisation.detect().description)")
    for entry in configuration.memoryMap.entries {
      log("memory map: \(entry.range.base)-\(entry.range.last) \(entry.kind)")
    }

    let presence = try MachinePresence(of: wish, log: log)
    defer { presence.end() }
    let networks = presence.networks
    var builder = MachineBuilder(
      configuration, kvm: kvm, cpuid: cpuid, image: kernel, initrd: initrd, disks: disks,
      networks: networks, firmwareFiles: firmwareFiles)
    builder.onStage = { [log] in log($0) }
    if configuration.debugger != nil {
      builder.runsKernelsNatively = Virtualisation.detect().runsKernelsNatively
    }
    let loop = try eventLoop()
    try presence.watch(on: loop)
    let reports = try diskReports(configuration, disks, loop)
    defer { reports.close() }
    // Signals first: from here on none of them ends the process behind the terminal's back.
    let control = try Control(configuration, disks: disks.map(\.monitor), on: loop, log: log)
    let instruments = try Instruments(
      configuration, name: wish.name ?? "swiftvm",
      disks: zip(configuration.disks, disks).map { ($0.path, $1.monitor) }, since: log.start, on: loop)
    defer { instruments.close() }
    builder.trace = instruments.trace
    builder.isCancelled = { control.isEndWanted }
    let consoles = try Consoles(configuration, on: loop, log: log, onCommand: control.carryOut)
    defer { consoles.close() }
    presence.note(consoles)
    let debugger = try debuggerServer(configuration, loop)
    let debuggerFile = configuration.debugger.flatMap(GDBListener.file)
    defer { debuggerFile?.remove() }
    return try runMachines(builder, configuration, loop, control, consoles, instruments, debugger)
  }

  private func runMachines(
    _ builder: borrowing MachineBuilder, _ configuration: ValidatedConfiguration, _ loop: EventLoop,
    _ control: Control, _ consoles: Consoles, _ instruments: Instruments, _ debugger: GDBServer?
  ) throws(Failure) -> UInt8 {
    let clock = HostClock()
    var crashes = CrashLoopGuard(startedAt: clock.monotonicNanoseconds)
    while true {
      // What a machine ends by that nobody wants any more before it is made.
      var ending = MachineEnding.stopped
      let reason: String
      do throws(MachineError) {
        let machine = try builder.build(
          serial: instruments.ear(on: consoles.serial.sink),
          console: consoles.virtio.map { instruments.ear(on: $0.sink) })
        log("kernel: \(machine.kernel.format), \(machine.kernel.range.base) to \(machine.kernel.range.last)")
        if let line = machine.kernel.commandLine { log("command line: \(line)") }
        if let initrd = machine.kernel.initrd { log("initrd: \(initrd.base) to \(initrd.last)") }
        if machine.kernel.isLinux { warnWhereEmulated() }
        try consoles.attach(machine)
        control.attach(machine, consoles)
        instruments.attach(machine)
        defer {
          instruments.detach()
          control.detach()
          consoles.detach()
        }
        log("the machine runs")
        ending = try run(machine, on: loop, debugger)
        if configuration.hasExitStatistics { ExitStatisticsText.tell(machine) }
      } catch {
        guard case .cancelled = error else { throw Failure(error) }
      }
      switch ending {
      case .poweredOff:
        log("the guest powered off")
        return 0
      case .debugExit(let status):
        log("the guest ended with status \(status)")
        return status
      case .stopped:
        log("ended as asked")
        // A reader who does not read must not hold up somebody who wants the end.
        consoles.close(milliseconds: 500)
        return 0
      case .crashed(let report):
        consoles.close()
        StandardError.line(CrashText.text(report, on: Virtualisation.detect().cpu))
        throw CrashText.failure(report)
      case .reset:
        log("the guest reset the machine")
        reason = "guest reset the machine"
      case .tripleFault(let report):
        reason = "guest triple-faulted"
        StandardError.line(CrashText.text(report, on: Virtualisation.detect().cpu))
        if configuration.onReboot == .reset, crashes.note(.tripleFault, at: clock.monotonicNanoseconds) {
          throw Failure(
            .guestCrashed,
            "the guest triple-faulted \(CrashLoopGuard.limit) times in a row, at once after its start",
            hint: "the report above shows where; --on-reboot exit ends at the first one")
        }
      case .panicked:
        let isLast = configuration.onReboot == .exit || control.isShuttingDown
        if isLast || crashes.note(.panic, at: clock.monotonicNanoseconds) {
          // What the kernel said comes first.
          consoles.close()
          throw Failure(
            .guestCrashed,
            "the guest's kernel panicked"
              + (isLast ? "" : " \(CrashLoopGuard.limit) times in a row, soon after its start"),
            hint: "its last lines on the console tell why")
        }
        reason = "guest's kernel panicked"
      }
      // Somebody who asked for the end does not want the machine back.
      if configuration.onReboot == .exit || control.isShuttingDown { return 0 }
      StandardError.line("the \(reason): it starts afresh")
    }
  }

  private func run(
    _ machine: Machine, on loop: EventLoop, _ debugger: GDBServer?
  ) throws(MachineError) -> MachineEnding {
    guard let debugger else { return try machine.run(on: loop) }
    var ending: MachineEnding?
    // Tells gdb how it ended, if it did.
    defer { debugger.detach(ending) }
    try debugger.attach(machine)
    let result = try machine.run(on: loop)
    ending = result
    return result
  }

  private func debuggerServer(
    _ configuration: ValidatedConfiguration, _ loop: EventLoop
  ) throws(Failure) -> GDBServer? {
    guard let address = configuration.debugger else { return nil }
    let listener = try GDBListener.open(address)
    let waits = configuration.waitsForDebugger
    StandardError.line("gdb: \(GDBListener.command(address))\(waits ? ", which the guest waits for" : "")")
    return GDBServer(listener, on: loop, waits: waits) { [log] in log($0) }
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

  private func open(_ image: VMConfiguration.Image) throws(Failure) -> (ImageFile, ImageFile?) {
    switch image {
    case .kernel(let path, let initrd):
      let kernel = try InputFile.image(path, what: "kernel")
      guard let initrd else { return (kernel, nil) }
      return (kernel, try InputFile.image(initrd, what: "initrd"))
    case .flat(let path):
      return (try InputFile.image(path, what: "flat image"), nil)
    }
  }

  private func openDisks() throws(Failure) -> [AttachedDisk] {
    do throws(ConfigurationError) {
      try DiskConfiguration.check(wish.disks)
    } catch {
      throw Failure(error)
    }
    var disks: [AttachedDisk] = []
    for disk in wish.disks { disks.append(try DiskImage.open(disk, log: log)) }
    return disks
  }

  private func diskReports(
    _ configuration: ValidatedConfiguration, _ disks: [AttachedDisk], _ loop: EventLoop
  ) throws(Failure) -> DiskReports {
    do throws(Errno) {
      let paths = configuration.disks.map(\.path)
      return try DiskReports(zip(paths, disks).map { ($0, $1.monitor) }, on: loop)
    } catch {
      throw Failure(MachineError.host("the event loop", error))
    }
  }

  private func eventLoop() throws(Failure) -> EventLoop {
    do throws(Errno) {
      return try EventLoop()
    } catch {
      throw Failure(MachineError.host("the event loop", error))
    }
  }
}
