/// Samples of one repetition, in ticks of the time stamp counter.
struct RawSamples: Equatable {
  var totals: [UInt64] = []
  /// For each phase of the kind, a value for each sample; none where they cannot be told apart.
  var phases: [[UInt64]] = []
  /// From the beginning of the first sample to the end of the last.
  var elapsed: UInt64 = 0

  mutating func append(_ other: RawSamples) {
    phases =
      totals.isEmpty
      ? other.phases : phases.isEmpty || other.phases.isEmpty ? [] : Self.joined(phases, other.phases)
    totals += other.totals
    elapsed &+= other.elapsed
  }

  private static func joined(_ first: [[UInt64]], _ second: [[UInt64]]) -> [[UInt64]] {
    zip(first, second).map { $0 + $1 }
  }

  /// From what a guest noted, without its first `warmUp` samples.
  ///
  /// - Parameters:
  ///   - stamps: for each record when its exit came and when it had been answered, by the host's clock; another
  ///     count: nothing is known of the parts.
  ///   - offset: what to add to the host's clock to have the guest's; nil: not known.
  init(_ records: [BenchRecord], warmUp: Int, stamps: [UInt64] = [], offset: UInt64? = nil) {
    let counted = records.dropFirst(warmUp)
    // A timer that fires early is in time.
    totals = counted.map { $0.end > $0.begin ? $0.end &- $0.begin : 0 }
    if let first = counted.first, let last = counted.last { elapsed = last.end &- first.begin }
    guard let offset, stamps.count >= 2 * records.count else { return }
    var phases: [[UInt64]] = [[], [], []]
    for (index, record) in zip(counted.indices, counted) {
      let (left, entered) = (stamps[2 * index] &+ offset, stamps[2 * index + 1] &+ offset)
      // Clocks that contradict each other tell nothing about the parts.
      guard record.begin <= left, left <= entered, entered <= record.end else { return }
      phases[0].append(left &- record.begin)
      phases[1].append(entered &- left)
      phases[2].append(record.end &- entered)
    }
    self.phases = phases
  }

  /// From what a guest noted, split at the moment between.
  init(splitting records: [BenchRecord], warmUp: Int) {
    self.init(records, warmUp: warmUp)
    let counted = records.dropFirst(warmUp)
    guard counted.allSatisfy({ $0.begin <= $0.between && $0.between <= $0.end }) else { return }
    phases = [counted.map { $0.between &- $0.begin }, counted.map { $0.end &- $0.between }]
  }

  init(totals: [UInt64] = [], phases: [[UInt64]] = [], elapsed: UInt64 = 0) {
    self.totals = totals
    self.phases = phases
    self.elapsed = elapsed
  }
}
