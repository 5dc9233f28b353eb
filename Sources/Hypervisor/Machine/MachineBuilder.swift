public import Devices
internal import SystemPackage

/// Makes machines of a specification and the parts that it names, opened by somebody else. A guest's reboot makes another
/// one, of the same parts.
public struct MachineBuilder: ~Copyable {
  private let validated: ValidatedSpec
  private let parts: MachineParts
  private let kvm: KVM
  private let cpuid: CPUIDTable

  /// Told of each stage as it is reached, for `--verbose`.
  public var onStage: (String) -> Void = { _ in }
  /// Asked now and then while a machine is made: whether nobody wants it any more.
  public var isCancelled: () -> Bool = { false }
  /// Whether the host's CPU runs the guest's kernel code, so that breakpoints on data trigger there.
  public var runsKernelsNatively = true

  /// Whether vCPUs count their exits, and time them.
  public var countsExits = false
  /// Whether a debugger may come.
  public var isDebugged = false
  /// Where the machines are seen at work; nil: nobody looks.
  public var trace: Trace?

  public init(
    _ validated: ValidatedSpec, parts: MachineParts, kvm: consuming KVM, cpuid: consuming CPUIDTable
  ) {
    self.validated = validated
    self.parts = parts
    self.kvm = kvm
    self.cpuid = cpuid
  }

  private var spec: MachineSpec { validated.spec }

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
      processors: validated.cpuCount, ramSize: validated.memoryMap.ramSize, files: parts.firmwareFiles)
    let devices = try PlatformDevices(
      sink: serial, memoryMap: validated.memoryMap, firmware: firmware, hostBridge: pci.bridge,
      trace: trace)
    try connect(devices, pci, to: vm)
    let clock = HostClock()
    let begin = clock.monotonicNanoseconds
    let kernel = try load(into: memory)
    let loading = begin..<max(begin, clock.monotonicNanoseconds)
    onStage("machine made: \(validated.cpuCount) vCPU(s), in-kernel interrupt controllers and PIT")
    return try makeProcessors(vm, memory, devices, pci, kernel, loading)
  }

  private func makeVirtualMachine(_ memory: GuestMemory) throws(MachineError) -> KVMVirtualMachine {
    do throws(KVMError) {
      let vm = try KVMVirtualMachine.make(on: kvm, memory: memory)
      if validated.cpuCount > 255 { try vm.enableWideAPICIDs() }
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
    guard spec.hasConsole == (sink != nil) else { throw .missingPart("console") }
    var devices: [(slot: Int, name: String, device: any VirtioDevice)] = []
    var console: ConsoleDevice?
    do throws(Errno) {
      let io = try IOThread(name: "io")
      if spec.hasEntropy { devices.append((PCISlot.entropy, "rng", EntropyDevice(thread: io))) }
      if spec.hasConsole, let sink { console = try ConsoleDevice(thread: io, sink: sink) }
      if let console { devices.append((PCISlot.console, "console", console)) }
    } catch {
      throw .host("the I/O threads", error)
    }
    for (index, disk) in spec.disks.enumerated() {
      devices.append((PCISlot.disk(index), disk.key, try makeDisk(disk)))
    }
    for (index, card) in spec.cards.enumerated() {
      devices.append((PCISlot.network(index), card.key, try makeCard(card)))
    }
    return try PCIDevices(
      devices, console: console, memory: memory, windows: pciWindows, router: router,
      doorbells: vm.makeDoorbells(), trace: trace)
  }

  /// A disk whose queues have threads of their own.
  private func makeDisk(_ disk: MachineSpec.Disk) throws(MachineError) -> BlockDevice {
    guard let part = parts.disks[disk.key] else { throw .missingPart(disk.key) }
    do throws(Errno) {
      var threads: [IOThread] = []
      for queue in 0..<disk.queues { threads.append(try IOThread(name: "\(disk.key).\(queue)")) }
      return try BlockDevice(part.backend, identity: disk.serial, threads: threads, monitor: part.monitor)
    } catch {
      throw .host("the I/O threads", error)
    }
  }

  private func makeCard(_ card: MachineSpec.Card) throws(MachineError) -> NetDevice {
    guard let backend = parts.cards[card.key], let mac = card.mac else { throw .missingPart(card.key) }
    do throws(Errno) {
      return try NetDevice(backend, mac: mac, mtu: card.mtu, name: card.key)
    } catch {
      throw .host("the I/O threads", error)
    }
  }

  /// Where the devices' memory may lie, the best place first.
  private var pciWindows: [GuestRange] {
    (validated.pciWindow64.map { [$0] } ?? []) + [Layout.pciWindow]
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
      return try GuestMemory(validated.memoryMap.ram)
    } catch {
      throw .memory(validated.memoryMap.ram.reduce(0) { $0 + $1.size }, error)
    }
  }

  /// Writes firmware tables and kernel into memory.
  private func load(into memory: GuestMemory) throws(MachineError) -> LoadedKernel {
    let tables: ACPITables
    do throws(ACPITables.TooLarge) {
      tables = try ACPITables(
        .init(apicIDs: Array(0..<validated.cpuCount), pciWindow64: validated.pciWindow64))
    } catch {
      throw .tablesTooLarge(error)
    }
    let loader = BootLoader(source: source, memoryMap: validated.memoryMap, rsdp: tables.rsdp)
    do throws(BootError) {
      try reason({ BootError.outsideGuestMemory($0) }) { () throws(OutOfGuestMemory) in
        try memory.write(bytes: tables.bytes, at: tables.address)
        try BIOSDataArea.write(into: memory, of: validated.memoryMap)
      }
      return try loader.load(into: memory, isCancelled: isCancelled)
    } catch {
      throw isCancelled() ? .cancelled : .boot(error)
    }
  }

  private var source: BootSource {
    switch parts.image {
    case .kernel(let image, let initrd): .kernel(image, initrd: initrd, commandLine: validated.commandLine)
    case .flat(let image): .flat(image)
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
      stopped = isDebugged ? try SharedEvent() : nil
    } catch {
      throw .host("the machine's event descriptors", error)
    }
    let dispatcher = try makeDispatcher(devices, pci)
    let buses = BusPlaces(dispatcher, functions: pci.map)
    var processors: [Processor] = []
    var statistics: [ExitStatistics] = []
    let supported = cpuid.entries
    do throws(KVMError) {
      for id in 0..<validated.cpuCount {
        let vcpu = try vm.makeVCPU(id: id)
        try vcpu.prepare(
          cpuid: topology.entries(from: supported, id: id), entry: id == 0 ? kernel.entry : nil,
          places: kernel.places)
        if countsExits {
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
    if let port = spec.debugExit { try devices.mapDebugPort(at: port, into: &ports) }
    return ExitDispatcher(ports: ports.seal(), memory: memory.seal())
  }

  private var topology: CPUID {
    CPUID(count: validated.cpuCount, hasTSCDeadline: kvm.extent(of: .tscDeadline) > 0)
  }
}
