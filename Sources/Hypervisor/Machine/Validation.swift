public import Devices

/// What this host sets as bounds to a machine.
public struct HostLimits: Hashable, Sendable {
  /// The most vCPUs that KVM gives one machine.
  public var vcpus: Int
  /// Bits of a guest physical address (CPUID 0x80000008 EAX[7:0]).
  public var physicalAddressBits: UInt32

  public init(vcpus: Int, physicalAddressBits: UInt32) {
    self.vcpus = vcpus
    self.physicalAddressBits = physicalAddressBits
  }

  public init(of kvm: borrowing KVM, cpuid: borrowing CPUIDTable) {
    vcpus = kvm.maximumVCPUs
    physicalAddressBits = cpuid.entries.first { $0.leaf == 0x8000_0008 }.map { $0.eax & 0xFF } ?? 36
  }
}

/// A configuration that this host can carry out. Only `VMConfiguration.validated` makes one, and
/// only this makes a machine.
public struct ValidatedConfiguration: Hashable, Sendable {
  public let image: VMConfiguration.Image
  /// The effective kernel command line.
  public let commandLine: KernelCommandLine
  public let memoryMap: MemoryMap
  /// Where 64-bit BARs go; nil where the CPU's addresses end with RAM.
  public let pciWindow64: GuestRange?
  public let cpuCount: UInt32
  public let serial: ConsoleTarget
  public let console: ConsoleTarget?
  public let hasEntropy: Bool
  public let disks: [DiskConfiguration]
  public let networks: [NetworkConfiguration]
  public let onReboot: RebootPolicy
  /// Seconds.
  public let shutdownTimeout: UInt32
  /// Seconds; 0: never.
  public let bootHint: UInt32
  public let debugExit: UInt16?
  public let hasExitStatistics: Bool
  public let trace: String?
  /// Bytes.
  public let traceLimit: UInt64
  public let metrics: MetricsTarget?
  public let bootChart: String?
  public let debugger: DebuggerAddress?
  public let waitsForDebugger: Bool

  fileprivate init(_ wish: VMConfiguration, on host: HostLimits) throws(ConfigurationError) {
    guard let image = wish.image else { throw .noKernel }
    self.image = image
    do throws(KernelCommandLineError) {
      commandLine = try KernelCommandLine(append: wish.append, appendOnly: wish.appendOnly)
    } catch {
      throw .commandLine(error)
    }
    guard wish.cpus >= 1 else { throw .noCPU }
    guard wish.cpus <= host.vcpus else { throw .tooManyCPUs(wish.cpus, limit: host.vcpus) }
    cpuCount = UInt32(wish.cpus)

    guard wish.memory >= Self.leastMemory else { throw .memoryTooSmall(wish.memory) }
    let most = min(Self.addressableMemory(bits: host.physicalAddressBits), KVMVirtualMachine.largestRegion)
    guard wish.memory <= most else { throw .memoryTooLarge(wish.memory, limit: most) }
    // Whole pages; a page more or less is nobody's wish.
    memoryMap = MemoryMap(ramSize: wish.memory & ~0xFFF)
    pciWindow64 = memoryMap.pciWindow64(addressBits: Int(host.physicalAddressBits))

    guard wish.serial != .stdio || wish.console != .stdio else { throw .twoConsolesOnStandardIO }
    guard wish.disks.count <= PCISlot.mostDisks else { throw .tooManyDisks(wish.disks.count) }
    guard wish.networks.count <= PCISlot.mostCards else { throw .tooManyCards(wish.networks.count) }
    try FirmwareFile.check(wish.firmwareFiles)
    try DiskConfiguration.check(wish.disks)
    disks = wish.disks
    do throws(NetworkError) {
      for (index, card) in wish.networks.enumerated() { try card.check(after: wish.networks[..<index]) }
    } catch {
      throw .network(error)
    }
    networks = wish.networks

    serial = wish.serial
    console = wish.console
    hasEntropy = wish.hasEntropy
    onReboot = wish.onReboot
    shutdownTimeout = wish.shutdownTimeout
    bootHint = wish.bootHint
    debugExit = wish.debugExit
    hasExitStatistics = wish.hasExitStatistics
    trace = wish.trace
    metrics = wish.metrics
    bootChart = wish.bootChart
    traceLimit = wish.traceLimit ?? Self.usualTrace
    guard traceLimit >= Self.leastTrace else { throw .traceTooShort(traceLimit) }
    guard trace != nil || wish.traceLimit == nil else { throw .nothingToLimit }
    debugger = wish.debugger
    waitsForDebugger = wish.waitsForDebugger
    guard debugger != nil || !waitsForDebugger else { throw .nobodyToWaitFor }
  }

  /// Whether vCPUs count their exits: for a table at the end, or for those who watch.
  var countsExits: Bool { hasExitStatistics || metrics != nil }

  /// 1 MiB: the real-mode address space, which every machine has.
  static let leastMemory: UInt64 = 1 << 20

  /// Bytes of a trace in which there is something to see.
  static let leastTrace: UInt64 = 4096

  /// Bytes of a trace's file where nothing is said.
  static let usualTrace: UInt64 = 256 << 20

  /// What the PCI hole takes below 4 GiB goes on above.
  private static func addressableMemory(bits: UInt32) -> UInt64 {
    let hole = Layout.above4GiB.value - Layout.pciHole.value
    return (UInt64(1) << UInt64(min(bits, 52))) - hole
  }
}

extension VMConfiguration {
  /// Checks the wish against itself and against the host.
  public func validated(on host: HostLimits) throws(ConfigurationError) -> ValidatedConfiguration {
    try ValidatedConfiguration(self, on: host)
  }
}

/// A wish that cannot be met.
public enum ConfigurationError: Error, Hashable, Sendable {
  case noKernel
  case noCPU
  case tooManyCPUs(Int, limit: Int)
  /// Bytes.
  case memoryTooSmall(UInt64)
  /// Bytes.
  case memoryTooLarge(UInt64, limit: UInt64)
  case commandLine(KernelCommandLineError)
  case twoConsolesOnStandardIO
  case tooManyDisks(Int)
  case tooManyCards(Int)
  case tooManyFirmwareFiles(Int)
  case firmwareFileName(String)
  case firmwareFileTwice(String)
  case disk(DiskConfigurationError)
  case network(NetworkError)
  /// Bytes.
  case traceTooShort(UInt64)
  /// A trace's limit without a trace.
  case nothingToLimit
  /// The machine is to wait for a debugger that cannot come.
  case nobodyToWaitFor
}

extension ConfigurationError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .noKernel: "no kernel given"
    case .noCPU: "a machine needs at least 1 vCPU"
    case .tooManyCPUs(let count, let limit):
      "\(count) vCPUs asked for, this host's KVM gives at most \(limit)"
    case .memoryTooSmall(let size): "\(size) bytes of memory are too few, a machine has at least 1 MiB"
    case .memoryTooLarge(let size, let limit):
      "\(size >> 20) MiB of memory asked for, a guest on this host can have at most \(limit >> 20) MiB"
    case .commandLine(let error): "\(error)"
    case .twoConsolesOnStandardIO: "both --serial and --console are to be standard input and output"
    case .tooManyDisks(let count):
      "\(count) disks asked for, a machine has room for \(PCISlot.mostDisks)"
    case .tooManyCards(let count):
      "\(count) network cards asked for, a machine has room for \(PCISlot.mostCards)"
    case .tooManyFirmwareFiles(let count):
      "\(count) times --fw-cfg, a machine has room for \(FirmwareFile.most) files"
    case .firmwareFileName(let name): "--fw-cfg \(name): not a name for a file of the firmware configuration"
    case .firmwareFileTwice(let name): "--fw-cfg \(name): given twice"
    case .disk(let error): "\(error)"
    case .network(let error): "--net: \(error)"
    case .traceTooShort(let size): "a trace of at most \(size) bytes has room for no event"
    case .nothingToLimit: "--trace-limit without --trace"
    case .nobodyToWaitFor: "--gdb-wait without --gdb"
    }
  }

  /// What to do next.
  public var hint: String? {
    switch self {
    case .noKernel: "give one with -k FILE, or a boot sector with --flat FILE"
    case .noCPU: "give -c 1 or more"
    case .tooManyCPUs(_, let limit): "give -c \(limit) or fewer"
    case .memoryTooSmall: "give more with -m; a bare number counts MiB (-m 512), and 512M and 2G work too"
    case .memoryTooLarge(_, let limit): "give -m \(limit >> 20) or less"
    case .commandLine(let error): error.hint
    case .twoConsolesOnStandardIO: "lead one of them elsewhere: --serial null, or file=PATH"
    case .tooManyDisks: "give fewer; one disk can hold many partitions"
    case .tooManyCards: "give fewer; one card can be in many VLANs"
    case .tooManyFirmwareFiles: "put several values into one file"
    case .firmwareFileName:
      """
      a name is \(FirmwareFile.prefix) and more, at most \(FirmwareFile.longestName) characters of ASCII without \
      spaces, such as opt/org.example/name
      """
    case .firmwareFileTwice: "give each file once"
    case .disk(let error): error.hint
    case .network(let error): error.hint
    case .traceTooShort: "give more with --trace-limit, such as 64M; a bare number counts MiB"
    case .nothingToLimit: "say where the trace goes: --trace FILE"
    case .nobodyToWaitFor: "say where gdb connects: --gdb 1234, or --gdb unix=PATH"
    }
  }
}
