internal import Devices

/// What a vCPU left its guest for, how often, and how long its answers took.
public struct ExitReport: Sendable {
  public struct Reason: Sendable {
    public let reason: ExitReason
    public let count: UInt64
    /// From leaving the guest to entering it again, in nanoseconds, of all together.
    public let total: Double
    public let median: Double
    public let percentile99: Double
  }

  public struct Place: Sendable {
    public let reason: ExitReason
    public let address: UInt64
    /// The device that answers there; nil: nobody.
    public let device: String?
    /// What it answers with; nil: nothing that has a name.
    public let register: String?
    public let count: UInt64
    /// In nanoseconds, of all together.
    public let total: Double
  }

  public let vcpu: UInt32
  /// Nanoseconds since the vCPU first ran, to its end where it has ended.
  public let elapsed: Double
  /// Those that occurred, the most frequent first.
  public let reasons: [Reason]
  /// The busiest first.
  public let places: [Place]
  /// Exits to addresses for which there was no room in the table.
  public let otherPlaces: UInt64
  /// What KVM counted of this vCPU and is not zero, by KVM's names; empty where the host's KVM does not tell.
  public let kernel: [KVMStatistic]
}

/// A vCPU's cells, and what makes a report of them.
final class ExitStatistics: Sendable {
  let cells = ExitCells()
  private let id: UInt32
  private let kernel: KVMStatistics?
  private let buses: BusPlaces
  /// The two clocks at one moment.
  private let origin: (ticks: UInt64, nanoseconds: UInt64)

  init(id: UInt32, buses: BusPlaces, kernel: KVMStatistics?) {
    self.id = id
    self.kernel = kernel
    self.buses = buses
    origin = (ExitRecorder.now, HostClock().monotonicNanoseconds)
  }

  /// The numbers of this moment.
  var report: ExitReport {
    let now = ExitRecorder.now
    let nanoseconds = HostClock().monotonicNanoseconds &- origin.nanoseconds
    let scale = Double(nanoseconds) / Double(max(now &- origin.ticks, 1))
    let start = cells[ExitCells.Place.start]
    let end = cells[ExitCells.Place.end]
    let ticks = start == 0 ? 0 : (end == 0 ? now : end) &- start
    return ExitReport(
      vcpu: id, elapsed: Double(ticks) * scale, reasons: reasons(scale), places: places(scale),
      otherPlaces: cells[ExitCells.Place.otherPlaces], kernel: kernel?.values ?? [])
  }

  private func reasons(_ scale: Double) -> [ExitReport.Reason] {
    ExitReason.allCases.compactMap { reason -> ExitReport.Reason? in
      let base = ExitCells.Place.reasons + reason.rawValue * ExitCells.Place.reasonSize
      let count = cells[base]
      guard count > 0 else { return nil }
      let histogram = (0..<ExitHistogram.buckets).map { cells[base + 2 + $0] }
      func percentile(_ fraction: Double) -> Double {
        Double(ExitHistogram.percentile(fraction, of: histogram) ?? 0) * scale
      }
      return ExitReport.Reason(
        reason: reason, count: count, total: Double(cells[base + 1]) * scale, median: percentile(0.5),
        percentile99: percentile(0.99))
    }.sorted { $0.count > $1.count }
  }

  private func places(_ scale: Double) -> [ExitReport.Place] {
    (0..<ExitCells.Place.placeCount).compactMap { slot -> ExitReport.Place? in
      let cell = ExitCells.Place.places + slot * ExitCells.Place.placeSize
      let key = cells[cell]
      guard key != 0, let reason = ExitReason(rawValue: Int(key >> 1 & 7)) else { return nil }
      let address = key >> 4
      let meaning = buses.meaning(of: address, reason)
      return ExitReport.Place(
        reason: reason, address: address, device: meaning.device, register: meaning.register,
        count: cells[cell + 1],
        total: Double(cells[cell + 2]) * scale)
    }.sorted { ($0.count, $1.address) > ($1.count, $0.address) }
  }
}
