public import Devices
internal import SystemPackage

/// How a machine's run ended.
public enum MachineEnding: Sendable {
  /// The guest powered itself off.
  case poweredOff
  /// The guest asked for a reset.
  case reset
  /// The guest's kernel told that it panicked.
  case panicked
  /// The guest wrote to its debug port: what the process is to end with.
  case debugExit(status: UInt8)
  /// The guest reset itself by a triple fault.
  case tripleFault(CPUReport)
  /// The guest cannot go on.
  case crashed(CPUReport)
  /// `stop` was called.
  case stopped
}

/// A virtual machine, composed and ready: memory, buses, devices, vCPUs. The root of everything that
/// one run of a guest needs; a guest's reboot is a new machine.
///
/// Belongs to the thread of its event loop. Its vCPUs run on threads of their own, which hold only
/// what an exit needs: buses, their own vCPU, their mailbox.
public final class Machine {
  public let serialPort: SerialPort
  /// The virtio console, if it has one.
  public var console: (any ConsolePort)? { pci.console }
  public let kernel: LoadedKernel
  /// When the kernel was read into memory, in nanoseconds of the host's monotonic clock.
  public let kernelLoading: Range<UInt64>
  /// What is where on its buses.
  public let buses: BusPlaces

  let devices: PlatformDevices
  private let pci: PCIDevices
  // Held for the vCPUs: guest memory must outlive them.
  private let memory: GuestMemory
  private let vm: KVMVirtualMachine
  private let processors: [Processor]
  private let endings: EndingBox
  private let reported: SharedEvent
  private let statistics: [ExitStatistics]
  /// For a debugger; nil: there is to be none.
  let debugged: DebuggedMachine?

  init(
    vm: consuming KVMVirtualMachine, memory: GuestMemory, devices: PlatformDevices,
    pci: PCIDevices, kernel: LoadedKernel, processors: [Processor], endings: EndingBox, reported: SharedEvent,
    statistics: [ExitStatistics], buses: BusPlaces, kernelLoading: Range<UInt64>,
    debugged: DebuggedMachine?
  ) {
    self.vm = vm
    self.memory = memory
    self.devices = devices
    self.pci = pci
    self.kernel = kernel
    self.processors = processors
    self.endings = endings
    self.reported = reported
    self.statistics = statistics
    self.buses = buses
    self.kernelLoading = kernelLoading
    self.debugged = debugged
    serialPort = devices.serialPort
  }

  /// Runs the guest until it ends, handling `loop`'s events meanwhile.
  ///
  /// When this returns or throws, no vCPU runs and no device touches guest memory any more.
  public func run(on loop: EventLoop) throws(MachineError) -> MachineEnding {
    let watches = try watchMachine(on: loop)
    defer { for watch in watches { loop.cancel(watch) } }

    // Last: a device may be at work for a vCPU until that has stopped.
    defer { pci.shutDown() }
    var threads = ThreadList()
    defer { threads.joinAll() }
    defer { for processor in processors { processor.handle.ask(VCPUHandle.Request.stop) } }
    do throws(Errno) {
      for processor in processors { try threads.append(processor.start()) }
      while true {
        if let ending = pendingEnding { return ending }
        try loop.runOnce()
      }
    } catch {
      throw .host("the machine's threads or event loop", error)
    }
  }

  /// Ends `run` from one of the loop's handlers.
  public func stop() {
    endings.post(.stopped)
  }

  /// Presses the ACPI power button: a guest that listens shuts itself down.
  public func pressPowerButton() {
    devices.acpiPower.pressPowerButton()
  }

  /// Asks the boot CPU where it stands; `onReport` is called from the loop.
  public func askForReport(_ onReport: @escaping (CPUReport) -> Void) {
    self.onReport = onReport
    processors.first?.handle.ask(VCPUHandle.Request.report)
  }

  /// What each vCPU left its guest for so far; empty where nobody asked for it to be counted.
  public var exitReports: [ExitReport] { statistics.map(\.report) }

  private var onReport: ((CPUReport) -> Void)?

  private var pendingEnding: MachineEnding? {
    // A chip's request comes first: the guest may have faulted just because it waited for it.
    switch devices.power.pending {
    case .powerOff: return .poweredOff
    case .reset: return .reset
    case .panic: return .panicked
    case .exit(let status): return .debugExit(status: status)
    case nil: break
    }
    switch endings.first {
    case .tripleFault(let report): return .tripleFault(report)
    case .crashed(let report): return .crashed(report)
    case .stopped: return .stopped
    case nil: return nil
    }
  }

  private func watchMachine(on loop: EventLoop) throws(MachineError) -> [EventLoop.Watch] {
    var watches: [EventLoop.Watch] = []
    do throws(Errno) {
      // Both only wake the loop: `run` looks for an ending after every event.
      watches.append(try loop.watch(devices.power.event.number) { [devices] in devices.power.event.take() })
      watches.append(try loop.watch(endings.event.number) { [endings] in endings.event.take() })
      watches.append(
        try loop.watch(reported.event.number) { [unowned self] in
          reported.event.take()
          if let report = processors.first?.handle.takeReport() { onReport?(report) }
        })
      watches += try devices.watchClock(on: loop)
      watches += try pci.watchPins(on: loop)
      return watches
    } catch {
      for watch in watches { loop.cancel(watch) }
      throw .host("the machine's event loop", error)
    }
  }
}
