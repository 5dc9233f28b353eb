public import Devices
internal import SystemPackage

/// Makes machines from a configuration and the files that it names, opened by somebody else. A
/// guest's reboot makes another one, from the same files.
public struct MachineBuilder: ~Copyable {
  private let configuration: ValidatedConfiguration
  private let kvm: KVM
  private let cpuid: CPUIDTable
  private let image: ImageFile
  private let initrd: ImageFile?
  private let disks: [AttachedDisk]
  private let networks: [NetBackend]
  private let firmwareFiles: [FirmwareConfiguration.File]

  /// Told of each stage as it is reached, for `--verbose`.
  public var onStage: (String) -> Void = { _ in }
  /// Asked now and then while a machine is made: whether nobody wants it any more.
  public var isCancelled: () -> Bool = { false }
  /// Whether the host's CPU runs the guest's kernel code, so that breakpoints on data trigger there.
  public var runsKernelsNatively = true

  /// Where the machines are seen at work; nil: nobody looks.
  public var trace: Trace?

  public init(
    _ configuration: ValidatedConfiguration, kvm: consuming KVM, cpuid: consuming CPUIDTable,
    image: ImageFile, initrd: ImageFile?, disks: [AttachedDisk] = [], networks: [NetBackend] = [],
    firmwareFiles: [FirmwareConfiguration.File] = []
  ) {
    self.configuration = configuration
    self.kvm = kvm
    self.cpuid = cpuid
    self.image = image
    self.initrd = initrd
    self.disks = disks
    self.networks = networks
    self.firmwareFiles = firmwareFiles
  }

  /// Makes a machine that is ready to run, its kernel loaded afresh.
  ///
  /// - Throws: `MachineError.cancelled` where nobody wants it any more.
  /// - Parameters:
  ///   - serial: where the serial port's output goes.
  ///   - console: where the virtio console's goes; nil: the machine has none.
  public func build(
    serial: any SerialSink, console: (any ConsoleSink)? = nil
  ) throws(MachineError) -> Machine {
    if isCancelled() { throw .cancelled }
    let memory = try makeMemory()
    let vm = try makeVirtualMachine(memory)
    let pci = try makePCIDevices(vm, memory, console)
    let firmware = FirmwareConfiguration(
      processors: configuration.cpuCount, ramSize: configuration.memoryMap.ramSize, files: firmwareFiles)
    let devices = try PlatformDevices(
      sink: serial, memoryMap: configuration.memoryMap, firmware: firmware, hostBridge: pci.bridge,
      trace: trace)
    try connect(devices, pci, to: vm)
    let clock = HostClock()
    let begin = clock.monotonicNanoseconds
    let kernel = try load(into: memory)
    let loading = begin..<max(begin, clock.monotonicNanoseconds)
    onStage("machine made: \(configuration.cpuCount) vCPU(s), in-kernel interrupt controllers and PIT")
    return try makeProcessors(vm, memory, devices, pci, kernel, loading)
  }

  private func makeVirtualMachine(_ memory: GuestMemory) throws(MachineError) -> KVMVirtualMachine {
    do throws(KVMError) {
      let vm = try KVMVirtualMachine.make(on: kvm, memory: memory)
      if configuration.cpuCount > 255 { try vm.enableWideAPICIDs() }
      return vm
    } catch {
      throw .kvm(error)
    }
  }

  private func makePCIDevices(
    _ vm: borrowing KVMVirtualMachine, _ memory: GuestMemory, _ sink: (any ConsoleSink)?
  ) throws(MachineError) -> PCIDevices {
    let router: InterruptRouter
    do throws(KVMError) {
      router = try vm.makeInterruptRouter(routes: kvm.extent(of: .interruptRouting))
    } catch {
      throw .kvm(error)
    }
    var devices: [(slot: Int, name: String, device: any VirtioDevice)] = []
    var console: ConsoleDevice?
    do throws(Errno) {
      let io = try IOThread(name: "io")
      if configuration.hasEntropy { devices.append((PCISlot.entropy, "rng", EntropyDevice(thread: io))) }
      if let sink { console = try ConsoleDevice(thread: io, sink: sink) }
      if let console { devices.append((PCISlot.console, "console", console)) }
      for index in disks.indices {
        devices.append((PCISlot.disk(index), "disk\(index)", try makeDisk(index)))
      }
      for (index, backend) in networks.enumerated() {
        let name = "net\(index)"
        devices.append((PCISlot.network(index), name, try NetDevice(backend, name: name)))
      }
    } catch {
      throw .host("the I/O threads", error)
    }
    return try PCIDevices(
      devices, console: console, memory: memory, windows: pciWindows, router: router,
      doorbells: vm.makeDoorbells(), trace: trace)
  }

  /// A disk whose queues have threads of their own.
  private func makeDisk(_ index: Int) throws(Errno) -> BlockDevice {
    let disk = disks[index]
    var threads: [IOThread] = []
    for queue in 0..<disk.queues { threads.append(try IOThread(name: "disk\(index).\(queue)")) }
    return try BlockDevice(disk.backend, identity: disk.identity, threads: threads, monitor: disk.monitor)
  }

  /// Where the devices' memory may lie, the best place first.
  private var pciWindows: [GuestRange] {
    (configuration.pciWindow64.map { [$0] } ?? []) + [Layout.pciWindow]
  }

  /// Joins the devices' lines and the chips that they end in.
  private func connect(
    _ devices: PlatformDevices, _ pci: PCIDevices, to vm: borrowing KVMVirtualMachine
  ) throws(MachineError) {
    do throws(KVMError) {
      for (line, gsi) in devices.lines { try vm.connect(line, to: gsi) }
      for (line, gsi) in pci.lines { try vm.connect(line, to: gsi) }
    } catch {
      throw .kvm(error)
    }
  }

  private func makeMemory() throws(MachineError) -> GuestMemory {
    do {
      return try GuestMemory(configuration.memoryMap.ram)
    } catch {
      throw .memory(configuration.memoryMap.ram.reduce(0) { $0 + $1.size }, error)
    }
  }

  /// Writes firmware tables and kernel into memory.
  private func load(into memory: GuestMemory) throws(MachineError) -> LoadedKernel {
    let tables: ACPITables
    do throws(ACPITables.TooLarge) {
      tables = try ACPITables(
        .init(apicIDs: Array(0..<configuration.cpuCount), pciWindow64: configuration.pciWindow64))
    } catch {
      throw .tablesTooLarge(error)
    }
    let loader = BootLoader(source: source, memoryMap: configuration.memoryMap, rsdp: tables.rsdp)
    do throws(BootError) {
      try reason({ BootError.outsideGuestMemory($0) }) { () throws(OutOfGuestMemory) in
        try memory.write(bytes: tables.bytes, at: tables.address)
        try BIOSDataArea.write(into: memory, of: configuration.memoryMap)
      }
      return try loader.load(into: memory, isCancelled: isCancelled)
    } catch {
      throw isCancelled() ? .cancelled : .boot(error)
    }
  }

  private var source: BootSource {
    switch configuration.image {
    case .kernel: .kernel(image, initrd: initrd, commandLine: configuration.commandLine)
    case .flat: .flat(image)
    }
  }

  private func makeProcessors(
    _ vm: consuming KVMVirtualMachine, _ memory: GuestMemory, _ devices: PlatformDevices,
    _ pci: PCIDevices, _ kernel: LoadedKernel, _ loading: Range<UInt64>
  ) throws(MachineError) -> Machine {
    let shared: (endings: EndingBox, reported: SharedEvent)
    let stopped: SharedEvent?
    do throws(Errno) {
      shared = (try EndingBox(), try SharedEvent())
      stopped = configuration.debugger == nil ? nil : try SharedEvent()
    } catch {
      throw .host("the machine's event descriptors", error)
    }
    let dispatcher = try makeDispatcher(devices, pci)
    let buses = BusPlaces(dispatcher, functions: pci.map)
    var processors: [Processor] = []
    var statistics: [ExitStatistics] = []
    let supported = cpuid.entries
    do throws(KVMError) {
      for id in 0..<configuration.cpuCount {
        let vcpu = try vm.makeVCPU(id: id)
        try vcpu.prepare(
          cpuid: topology.entries(from: supported, id: id), entry: id == 0 ? kernel.entry : nil,
          places: kernel.places)
        if configuration.countsExits {
          statistics.append(ExitStatistics(id: id, buses: buses, kernel: vcpu.statistics))
        }
        if trace != nil, kvm.extent(of: .synchronisedRegisters) > 0 { vcpu.keepInstructionPointer() }
        let loop = VCPULoop(
          vcpu, handle: VCPUHandle(id: id, bay: stopped.map(VCPUBay.init)), dispatcher: dispatcher,
          power: devices.power, memory: memory,
          reported: shared.reported, statistics: statistics.last,
          trace: trace?.writer("vcpu-\(id)") ?? TraceWriter())
        processors.append(Processor(loop, endings: shared.endings))
      }
    } catch {
      throw .kvm(error)
    }
    return Machine(
      vm: vm, memory: memory, devices: devices, pci: pci, kernel: kernel, processors: processors,
      endings: shared.endings, reported: shared.reported, statistics: statistics,
      buses: buses, kernelLoading: loading,
      debugged: try stopped.map { event throws(MachineError) in
        try makeDebugged(processors.map(\.handle), memory, supported, event)
      })
  }

  private func makeDebugged(
    _ vcpus: [VCPUHandle], _ memory: GuestMemory, _ cpuid: [CPUIDEntry], _ stopped: SharedEvent
  ) throws(MachineError) -> DebuggedMachine {
    for capability in [Capability.guestDebug, .extendedState] where kvm.extent(of: capability) == 0 {
      throw .kvm(.lacksCapability(capability.name))
    }
    let flags = kvm.extent(of: .guestDebugFlags)
    return DebuggedMachine(
      vcpus, memory: memory, description: TargetDescription(hasAVX: CPUID.hasAVX(cpuid)),
      abilities: .init(
        hasDataBreakpoints: runsKernelsNatively,
        canBlockInterrupts: GuestDebug.canBlockInterrupts(flags: flags)),
      stopped: stopped)
  }

  /// The two buses, complete.
  private func makeDispatcher(
    _ devices: PlatformDevices, _ pci: PCIDevices
  ) throws(MachineError) -> ExitDispatcher {
    var ports = AddressSpaceBuilder()
    var memory = AddressSpaceBuilder()
    do throws(AddressConflict) {
      try devices.map(intoPorts: &ports)
      try devices.map(into: &memory)
      try pci.map(into: &memory)
    } catch {
      throw .conflict(error)
    }
    if let port = configuration.debugExit { try devices.mapDebugPort(at: port, into: &ports) }
    return ExitDispatcher(ports: ports.seal(), memory: memory.seal())
  }

  private var topology: CPUID {
    CPUID(count: configuration.cpuCount, hasTSCDeadline: kvm.extent(of: .tscDeadline) > 0)
  }
}
