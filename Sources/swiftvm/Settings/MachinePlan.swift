internal import Hypervisor

/// What a person asked for, from flags or a file: the machine, what to open for it, and what is to be seen of it.
struct MachinePlan: Hashable, Sendable {
  /// What to start.
  enum Image: Hashable, Sendable {
    /// A kernel recognised by content, and an initial RAM disk for it.
    case kernel(path: String, initrd: String?)
    /// Raw bytes entered in real mode.
    case flat(path: String)
  }

  var image: Image?
  /// Added to the default kernel arguments.
  var append: [String] = []
  /// Replaces the default kernel arguments.
  var appendOnly: String?
  /// Bytes of RAM.
  var memory: UInt64 = 1 << 30
  var cpus = 1
  var serial = ConsoleTarget.stdio
  /// The virtio console; nil: none.
  var console: ConsoleTarget?
  /// Whether there is a virtio source of random numbers.
  var hasEntropy = true
  /// What the guest finds in the firmware configuration device.
  var firmwareFiles: [FirmwareFile] = []
  /// In the order in which the guest finds them.
  var disks: [DiskWish] = []
  /// In the order in which the guest finds them.
  var cards: [CardWish] = []
  /// Ports of the host that lead to the first card with a virtual network of the host.
  var published: [PublishedPort] = []
  /// What people and other commands call the machine; nil: the next free one.
  var name: String?
  var onReboot = RebootPolicy.reset
  /// Seconds from the power button to a forced end.
  var shutdownTimeout: UInt32 = 10
  /// Seconds of silence on the console until a hint; 0: never.
  var bootHint: UInt32 = 15
  /// The port that ends the machine with a status; nil: none.
  var debugExit: UInt16?
  /// Whether each vCPU counts its exits and times them.
  var hasExitStatistics = false
  /// The file that all events are written to; nil: none.
  var trace: String?
  /// The file that a picture of the boot is drawn into; nil: none.
  var bootChart: String?
  /// Where counters go while the machine runs; nil: nowhere.
  var metrics: MetricsTarget?
  /// Bytes at which the trace's file ends; nil: the usual.
  var traceLimit: UInt64?
  /// Where gdb finds the machine; nil: nowhere.
  var debugger: DebuggerAddress?
  /// Whether the machine waits for gdb before its first instruction.
  var waitsForDebugger = false

  /// What the guest can tell apart of it. Its cards have their addresses once they are opened.
  var spec: MachineSpec {
    var spec = MachineSpec()
    spec.cpus = cpus
    spec.memory = memory
    spec.append = append
    spec.appendOnly = appendOnly
    spec.disks = disks.enumerated().map { index, disk in
      MachineSpec.Disk(key: Self.key(ofDisk: index), serial: disk.identity, queues: disk.queues)
    }
    spec.cards = cards.enumerated().map { index, card in
      MachineSpec.Card(key: Self.key(ofCard: index), mac: card.mac, mtu: card.mtu)
    }
    spec.hasEntropy = hasEntropy
    spec.hasConsole = console != nil
    spec.debugExit = debugExit
    return spec
  }

  static func key(ofDisk index: Int) -> String { "disk\(index)" }
  static func key(ofCard index: Int) -> String { "net\(index)" }

  /// Whether vCPUs count their exits: for a table at the end, or for those who watch.
  var countsExits: Bool { hasExitStatistics || metrics != nil }

  /// Bytes of a trace's file where nothing is said.
  static let usualTrace: UInt64 = 256 << 20

  /// The number of the card that published ports lead to.
  var publishingCard: Int? { published.isEmpty ? nil : cards.firstIndex(where: \.canPublish) }
}
