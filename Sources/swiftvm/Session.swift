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
  func run() throws(Failure) {
    guard let image = wish.image else { throw Failure(ConfigurationError.noKernel) }
    let (kernel, initrd) = try open(image)
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
    log("KVM: API 12, up to \(kvm.maximumVCPUs) vCPUs; \(Virtualisation.detect().description)")
    for entry in configuration.memoryMap.entries {
      log("memory map: \(entry.range.base)-\(entry.range.last) \(entry.kind)")
    }

    let networks = try NetworkOpener(log: log).open(configuration.networks)
    var builder = MachineBuilder(
      configuration, kvm: kvm, cpuid: cpuid, image: kernel, initrd: initrd, networks: networks)
    builder.onStage = { [log] in log($0) }
    let loop = try eventLoop()
    // Signals first: from here on none of them ends the process behind the terminal's back.
    let control = try Control(configuration, on: loop, log: log)
    let console = try Console(configuration.serial, on: loop, log: log, onCommand: control.carryOut)
    defer { console.close() }
    try runMachines(builder, configuration, loop, control, console)
  }

  private func runMachines(
    _ builder: borrowing MachineBuilder, _ configuration: ValidatedConfiguration, _ loop: EventLoop,
    _ control: Control, _ console: Console
  ) throws(Failure) {
    var crashes = CrashLoopGuard()
    while true {
      let ending: MachineEnding
      do throws(MachineError) {
        let machine = try builder.build(console: console.output)
        log("kernel: \(machine.kernel.format), \(machine.kernel.range.base) to \(machine.kernel.range.last)")
        if let line = machine.kernel.commandLine { log("command line: \(line)") }
        if let initrd = machine.kernel.initrd { log("initrd: \(initrd.base) to \(initrd.last)") }
        if machine.kernel.isLinux { warnWhereEmulated() }
        try console.attach(machine.serialPort)
        control.attach(machine, console)
        defer {
          control.detach()
          console.detach()
        }
        log("the machine runs")
        ending = try machine.run(on: loop)
      } catch {
        throw Failure(error)
      }
      switch ending {
      case .poweredOff:
        log("the guest powered off")
        return
      case .stopped:
        log("ended as asked")
        return
      case .crashed(let report):
        console.close()
        StandardError.line(CrashText.text(report))
        throw CrashText.failure(report)
      case .reset:
        log("the guest reset the machine")
      case .tripleFault(let report):
        StandardError.line(CrashText.text(report))
        if configuration.onReboot == .reset, crashes.noteTripleFault() {
          throw Failure(
            .guestCrashed,
            "the guest triple-faulted \(CrashLoopGuard.limit) times in a row, at once after its start",
            hint: "the report above shows where; --on-reboot exit ends at the first one")
        }
      }
      // Somebody who asked for the end does not want the machine back.
      if configuration.onReboot == .exit || control.isShuttingDown { return }
      log("starting afresh")
    }
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
      let kernel = try InputFile.open(path, what: "kernel")
      guard let initrd else { return (try imageFile(kernel, path), nil) }
      return (try imageFile(kernel, path), try imageFile(InputFile.open(initrd, what: "initrd"), initrd))
    case .flat(let path):
      return (try imageFile(InputFile.open(path, what: "flat image"), path), nil)
    }
  }

  private func imageFile(_ descriptor: consuming OwnedDescriptor, _ path: String) throws(Failure) -> ImageFile
  {
    do throws(ImageFileError) {
      return try ImageFile(descriptor, name: path)
    } catch {
      throw Failure(.usage, "\(path) \(error)", hint: error.hint)
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

/// Tells a guest that reboots by triple fault from one that faults at once, again and again.
struct CrashLoopGuard {
  static let limit = 3
  private static let quick: UInt64 = 2_000_000_000
  private let clock = HostClock()
  private var last: UInt64
  private var count = 0

  init() {
    last = clock.monotonicNanoseconds
  }

  /// Whether the machine should not be started again.
  mutating func noteTripleFault() -> Bool {
    let now = clock.monotonicNanoseconds
    count = now &- last < Self.quick ? count + 1 : 1
    last = now
    return count >= Self.limit
  }
}
