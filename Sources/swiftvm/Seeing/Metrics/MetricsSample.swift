internal import Devices
internal import Hypervisor
internal import Synchronization

/// A machine's numbers at one moment. Counts and sums begin anew when the guest reboots, a disk's go on.
struct MetricsSample: Encodable {
  struct Reason: Encodable {
    let reason: String
    let count: UInt64
    /// From leaving the guest to entering it again: of all together, half of them, and all but one in a hundred.
    let seconds, p50, p99: Double
  }

  struct Device: Encodable {
    let device, reason: String
    let exits: UInt64
    let seconds: Double
  }

  struct Processor: Encodable {
    let vcpu: UInt32
    /// Since it first ran.
    let seconds: Double
    let exits: [Reason]
    let devices: [Device]
    /// What KVM counted, by its own names.
    let kvm: [String: UInt64]
  }

  struct Disk: Encodable {
    let disk: String
    let reads, writes, others, bytesRead, bytesWritten, failures, refusals: UInt64

    enum CodingKeys: String, CodingKey {
      case disk, reads, writes, others, failures, refusals
      case bytesRead = "bytes-read"
      case bytesWritten = "bytes-written"
    }
  }

  struct Serial: Encodable {
    let bytesIn, bytesOut: UInt64

    enum CodingKeys: String, CodingKey {
      case bytesIn = "bytes-in"
      case bytesOut = "bytes-out"
    }
  }

  /// Since 1970.
  let time: Double
  /// Samples that were left out before this one, because nobody took them.
  var skipped = 0
  let vcpus: [Processor]
  let disks: [Disk]
  let serial: Serial?

  init(_ machine: Machine?, disks: [OpenedDisk]) {
    let serial = machine.map {
      Serial(
        bytesIn: $0.serialPort.bytesIn.load(ordering: .relaxed),
        bytesOut: $0.serialPort.bytesOut.load(ordering: .relaxed))
    }
    self.init(
      reports: machine?.exitReports ?? [], disks: disks.map { ($0.path, $0.monitor.counters) }, serial: serial
    )
  }

  init(reports: [ExitReport], disks: [(path: String, counters: DiskMonitor.Counters)], serial: Serial?) {
    time = Double(HostClock().unixNanoseconds / 1_000_000) / 1000
    vcpus = reports.map(Processor.init)
    self.disks = disks.map(Disk.init)
    self.serial = serial
  }
}

extension MetricsSample.Processor {
  init(_ report: ExitReport) {
    vcpu = report.vcpu
    seconds = report.elapsed / 1e9
    exits = report.reasons.map {
      MetricsSample.Reason(
        reason: $0.reason.name, count: $0.count, seconds: $0.total / 1e9, p50: $0.median / 1e9,
        p99: $0.percentile99 / 1e9)
    }
    devices = Self.devices(report.places)
    kvm = Dictionary(report.kernel.map { ($0.name, $0.value) }) { first, _ in first }
  }

  /// A device's places together: a guest can touch many, and each would be a series of its own.
  private static func devices(_ places: [ExitReport.Place]) -> [MetricsSample.Device] {
    var sums: [[String]: (exits: UInt64, total: Double)] = [:]
    for place in places {
      let sum = sums[[place.device ?? "nobody", place.reason.name]] ?? (0, 0)
      sums[[place.device ?? "nobody", place.reason.name]] = (sum.exits + place.count, sum.total + place.total)
    }
    return sums.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, sum in
      MetricsSample.Device(device: key[0], reason: key[1], exits: sum.exits, seconds: sum.total / 1e9)
    }
  }
}

extension MetricsSample.Disk {
  init(_ path: String, _ counters: DiskMonitor.Counters) {
    disk = path
    reads = counters.reads
    writes = counters.writes
    others = counters.others
    bytesRead = counters.bytesRead
    bytesWritten = counters.bytesWritten
    failures = counters.failures
    refusals = counters.refusals
  }
}
