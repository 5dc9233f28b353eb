import Devices
import Glibc
import SystemPackage

@testable import Hypervisor

/// A tiny guest on a virtual machine of the project's own layers: memory, buses with test devices,
/// vCPUs in their loops and threads. None of the chips of a whole machine but what KVM has inside.
final class TinyMachine {
  enum Mode {
    /// Entered like a boot sector.
    case real
    /// The first 4 GiB mapped to themselves.
    case long
  }

  /// A test device and where it answers.
  struct Window {
    let base: UInt64
    let size: UInt64
    let device: any BusDevice

    init(_ base: UInt64, size: UInt64 = 16, _ device: any BusDevice) {
      self.base = base
      self.size = size
      self.device = device
    }
  }

  /// Below legacy video; what is above answers to devices.
  static let lowMemory = GuestRange(base: 0, size: Layout.legacyVideo.value)
  /// The port that a guest writes to when it is done.
  static let finishPort: UInt64 = 0x5F0

  let memory: GuestMemory
  let ports: AddressSpace
  let memorySpace: AddressSpace
  let reported: SharedEvent
  private let processors: [Processor]
  private let endings: EndingBox
  // Held for the vCPUs.
  private let vm: KVMVirtualMachine
  private var threads = ThreadList()
  private var hangs = false

  init(
    _ guest: Guest, _ mode: Mode, cpus: UInt32 = 1, ports: [Window] = [], memory windows: [Window] = [],
    ram: [GuestRange] = [lowMemory], lines: [(InterruptLine, gsi: UInt32)] = []
  ) throws {
    let kvm = try HostKVM.open()
    let power = try PowerControl()
    memory = try GuestMemory(ram)
    self.ports = try Self.bus(ports + [Window(Self.finishPort, size: 1, FinishPort(power))])
    memorySpace = try Self.bus(windows)
    reported = try SharedEvent()
    endings = try EndingBox()

    let entry = try Self.load(guest, mode, into: memory)
    let vm = try KVMVirtualMachine.make(on: kvm)
    try vm.map(memory)
    for (line, gsi) in lines { try vm.connect(line, to: gsi) }
    let cpuid = CPUID(count: cpus, hasTSCDeadline: kvm.extent(of: .tscDeadline) > 0)
    let supported = try kvm.supportedCPUID().entries
    var processors: [Processor] = []
    for id in 0..<cpus {
      let vcpu = try vm.makeVCPU(id: id)
      try vcpu.prepare(cpuid: cpuid.entries(from: supported, id: id), entry: id == 0 ? entry : nil)
      let loop = VCPULoop(
        vcpu, handle: VCPUHandle(id: id),
        dispatcher: ExitDispatcher(ports: self.ports, memory: memorySpace), power: power, memory: memory,
        reported: reported)
      processors.append(Processor(loop, endings: endings))
    }
    self.processors = processors
    self.vm = vm
  }

  deinit {
    // A vCPU that even a kick cannot stop keeps its thread; joining that would hang the tests.
    if !hangs { stop() }
  }

  /// The first vCPU's mailbox.
  var handle: VCPUHandle { processors[0].handle }

  func start() throws {
    for processor in processors { try threads.append(processor.start()) }
  }

  /// Waits until the guest is done or can run no longer. Afterwards none of its vCPUs runs.
  func ending() throws -> VCPUEnding {
    do {
      try endings.event.wait()
    } catch {
      for processor in processors { processor.handle.ask(VCPUHandle.Request.stop) }
      hangs = (try? endings.event.wait()) == nil
      throw error
    }
    stop()
    // The event is signalled after the ending is there.
    guard let ending = endings.first else { throw Hung() }
    return ending
  }

  /// Runs the guest until it is done or can run no longer.
  @discardableResult
  func run() throws -> VCPUEnding {
    try start()
    return try ending()
  }

  private func stop() {
    for processor in processors { processor.handle.ask(VCPUHandle.Request.stop) }
    threads.joinAll()
  }

  /// Puts `guest` into memory, and what its mode needs.
  static func load(_ guest: Guest, _ mode: Mode, into memory: GuestMemory) throws -> BootEntry {
    try memory.write(bytes: guest.bytes, at: Layout.flatImage)
    switch mode {
    case .real: return .realMode
    case .long:
      try memory.write(bytes: BootGDT.bytes(code: .code64), at: Layout.gdt)
      try memory.write(bytes: LongMode.pageTables(at: Layout.pageTables), at: Layout.pageTables)
      return .linux64(entry: Layout.flatImage)
    }
  }

  private static func bus(_ windows: [Window]) throws -> AddressSpace {
    var bus = AddressSpaceBuilder()
    for window in windows {
      try bus.map(window.device, name: "test device", base: window.base, size: window.size)
    }
    return bus.seal()
  }
}

/// Ends the machine at the first write.
private final class FinishPort: BusDevice {
  private let power: PowerControl

  init(_ power: PowerControl) {
    self.power = power
  }

  func read(at offset: UInt64, width: Int) -> UInt64 { UInt64.max }

  func write(_ value: UInt64, at offset: UInt64, width: Int) {
    power.ask(for: .powerOff)
  }
}
