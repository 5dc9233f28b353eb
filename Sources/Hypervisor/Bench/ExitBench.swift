internal import CLinux
internal import Devices
internal import Synchronization
public import SystemPackage

/// Measures what it costs to leave a guest, beside a bare loop in C that does the same.
public struct ExitBench: Sendable {
  /// Repetitions and samples that make sense.
  public static let repetitionLimits = 1...100
  public static let sampleLimits = 1...1_000_000

  public let kinds: [ExitKind]
  /// Each runs both sides.
  public let repetitions: Int
  /// Of each side in a repetition; nil: as many as is usual for the kind.
  public let samples: Int?
  /// CPUs of the host for the threads of a measurement, the guest's first; empty: wherever the kernel puts them.
  public let cpus: [Int32]

  /// What goes on.
  public enum Event: Sendable {
    case began(ExitKind, repetition: Int)
    case measured(ExitResult)
    case leftOut(LeftOutKind)
  }

  /// All that a run found.
  public struct Outcome: Sendable {
    public let results: [ExitResult]
    public let leftOut: [LeftOutKind]
    public let ticksPerSecond: Double
  }

  /// - Precondition: the numbers are in their limits, and this process may run on `cpus`.
  public init(kinds: [ExitKind], repetitions: Int, samples: Int?, cpus: [Int32]) {
    self.kinds = kinds
    self.repetitions = repetitions
    self.samples = samples
    self.cpus = cpus
  }

  /// The CPUs that this process may run on.
  public static var allowedCPUs: [Int32] {
    var cpus = [Int32](repeating: 0, count: 1024)
    // The array is as long as told.
    let count = unsafe clinux_allowed_cpus(&cpus, Int32(cpus.count))
    return Array(cpus.prefix(Int(max(0, count))))
  }

  /// Measures one kind after the other, on a thread of its own.
  ///
  /// - Parameter tell: is called on that thread.
  /// - Throws: the errno of a thread that could not be made.
  public func run(on kvm: consuming KVM, tell: @escaping @Sendable (Event) -> Void) throws(Errno) -> Outcome {
    // Without a handler the kick would kill.
    let result = clinux_install_kick_handler()
    guard result >= 0 else { throw Errno(rawValue: -result) }
    let held = HeldKVM(kvm)
    let outcome = OutcomeBox()
    let thread = try HostThread(name: "bench") { [self] in
      outcome.value.withLock { $0 = measureAll(on: held, tell) }
    }
    thread.join()
    return outcome.value.withLock { $0 } ?? Outcome(results: [], leftOut: [], ticksPerSecond: 1)
  }

  private func measureAll(on held: HeldKVM, _ tell: (Event) -> Void) -> Outcome {
    let host = BenchHost(cpus: cpus, ticksPerSecond: TimeBase.ticksPerSecond())
    host.pin(thread: 0)
    var results: [ExitResult] = []
    var leftOut: [LeftOutKind] = []
    for kind in kinds {
      do throws(BenchError) {
        let result = try measure(kind, on: held, host: host, tell)
        results.append(result)
        tell(.measured(result))
      } catch {
        let missing = LeftOutKind(kind: kind, reason: error.description)
        leftOut.append(missing)
        tell(.leftOut(missing))
      }
    }
    return Outcome(results: results, leftOut: leftOut, ticksPerSecond: host.ticksPerSecond)
  }

  private func measure(
    _ kind: ExitKind, on held: HeldKVM, host: BenchHost, _ tell: (Event) -> Void
  ) throws(BenchError) -> ExitResult {
    guard kind.threads <= (cpus.isEmpty ? Self.allowedCPUs.count : cpus.count) else {
      throw .lacks("it needs \(kind.threads) CPUs, one for each side")
    }
    var measurement = try Self.measurement(of: kind, on: held, host: host)
    // Whether it can be measured here at all.
    _ = try measurement.run(.swiftvm, samples: 1)
    let noise = NoiseMeter()
    var (ours, floor) = (RawSamples(), RawSamples())
    var pairs: [ExitResult.Repetition] = []
    for repetition in 1...repetitions {
      tell(.began(kind, repetition: repetition))
      var pair: [BenchSide: RawSamples] = [:]
      // Turns, so that a machine that gets slower or faster does so for both.
      for side in repetition % 2 == 1 ? [BenchSide.swiftvm, .floor] : [.floor, .swiftvm] {
        pair[side] = try measurement.run(side, samples: samples ?? kind.usualSamples)
      }
      let (mine, bare) = (pair[.swiftvm] ?? RawSamples(), pair[.floor] ?? RawSamples())
      pairs.append(ExitResult.Repetition(swiftvm: mine.totals.median ?? 0, floor: bare.totals.median ?? 0))
      ours.append(mine)
      floor.append(bare)
    }
    guard let mine = LatencySummary(ours.totals), let bare = LatencySummary(floor.totals) else {
      throw .lacks("no sample was taken")
    }
    let phases = Self.phases(of: kind, ours.phases, floor.phases)
    return ExitResult(
      kind: kind, swiftvm: mine, floor: bare, repetitions: pairs, phases: phases,
      perSecond: kind.isBackToBack && ours.elapsed > 0
        ? Double(mine.count) / Double(ours.elapsed) * host.ticksPerSecond : nil,
      notes: noise.notes(medians: pairs.map(\.swiftvm))
        + (phases.count == kind.phases.count
          ? [] : ["the guest's clock cannot be compared with the host's here, and may stop between entries"]))
  }

  private static func phases(
    of kind: ExitKind, _ ours: [[UInt64]], _ floor: [[UInt64]]
  ) -> [ExitResult.Phase] {
    let (ours, floor) = RawSamples.alike(ours, floor)
    let names = ours.count == kind.phases.count ? kind.phases : kind.hostPhases
    guard ours.count == names.count else { return [] }
    return zip(names, zip(ours, floor)).map { name, values in
      ExitResult.Phase(name: name, swiftvm: values.0.median ?? 0, floor: values.1.median ?? 0)
    }
  }

  private static func measurement(
    of kind: ExitKind, on held: HeldKVM, host: BenchHost
  ) throws(BenchError) -> any Measurement {
    switch kind {
    case .haltWakeup, .irqfdInjection: try InterruptMeasurement(kind, on: held.kvm, host: host)
    case .ioeventfdDoorbell: try DoorbellMeasurement(on: held.kvm, host: host)
    case .ipi: try ProcessorsMeasurement(on: held.kvm, host: host)
    case .kick: try KickMeasurement(on: held.kvm, host: host)
    case .vcpuCreation: try ProcessorCreation(held)
    case .vmCreation: try MachineCreation(held)
    default: try GuestMeasurement(kind, on: held.kvm, host: host)
    }
  }
}

/// Carries what a thread found to the one that waits for it.
private final class OutcomeBox: Sendable {
  let value = Mutex<ExitBench.Outcome?>(nil)
}
