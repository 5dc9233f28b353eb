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

  /// Told of each stage as it is reached, for `--verbose`.
  public var onStage: (String) -> Void = { _ in }

  public init(
    _ configuration: ValidatedConfiguration, kvm: consuming KVM, cpuid: consuming CPUIDTable,
    image: ImageFile, initrd: ImageFile?
  ) {
    self.configuration = configuration
    self.kvm = kvm
    self.cpuid = cpuid
    self.image = image
    self.initrd = initrd
  }

  /// Makes a machine that is ready to run, its kernel loaded afresh.
  public func build(console: any SerialSink) throws(MachineError) -> Machine {
    let memory = try makeMemory()
    let devices = try PlatformDevices(sink: console, memoryMap: configuration.memoryMap)
    let kernel = try load(into: memory)
    let vm = try makeVirtualMachine(memory, devices)
    onStage("machine made: \(configuration.cpuCount) vCPU(s), in-kernel interrupt controllers and PIT")
    return try makeProcessors(vm, memory, devices, kernel)
  }

  private func makeVirtualMachine(
    _ memory: GuestMemory, _ devices: PlatformDevices
  ) throws(MachineError) -> KVMVirtualMachine {
    do throws(KVMError) {
      let vm = try KVMVirtualMachine.make(on: kvm, memory: memory)
      if configuration.cpuCount > 255 { try vm.enableWideAPICIDs() }
      for (line, gsi) in devices.lines { try vm.connect(line, to: gsi) }
      return vm
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
      }
      return try loader.load(into: memory)
    } catch {
      throw .boot(error)
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
    _ kernel: LoadedKernel
  ) throws(MachineError) -> Machine {
    let shared: (endings: EndingBox, reported: SharedEvent)
    do throws(Errno) {
      shared = (try EndingBox(), try SharedEvent())
    } catch {
      throw .host("the machine's event descriptors", error)
    }
    let dispatcher: ExitDispatcher
    do throws(AddressConflict) {
      dispatcher = ExitDispatcher(ports: try devices.portSpace(), memory: try devices.memorySpace())
    } catch {
      throw .conflict(error)
    }
    var processors: [Processor] = []
    let supported = cpuid.entries
    do throws(KVMError) {
      for id in 0..<configuration.cpuCount {
        let vcpu = try vm.makeVCPU(id: id)
        try vcpu.prepare(
          cpuid: topology.entries(from: supported, id: id), entry: id == 0 ? kernel.entry : nil)
        let loop = VCPULoop(
          vcpu, handle: VCPUHandle(id: id), dispatcher: dispatcher, power: devices.power, memory: memory,
          reported: shared.reported)
        processors.append(Processor(loop, endings: shared.endings))
      }
    } catch {
      throw .kvm(error)
    }
    return Machine(
      vm: vm, memory: memory, devices: devices, kernel: kernel, processors: processors,
      endings: shared.endings, reported: shared.reported)
  }

  private var topology: CPUID {
    CPUID(count: configuration.cpuCount, hasTSCDeadline: kvm.extent(of: .tscDeadline) > 0)
  }
}
