/// Samples of one repetition, in ticks of the time stamp counter.
struct RawSamples: Equatable {
  var totals: [UInt64] = []
  /// For each phase of the kind, a value for each sample; none where they cannot be told apart.
  var phases: [[UInt64]] = []
  /// From the beginning of the first sample to the end of the last.
  var elapsed: UInt64 = 0

  mutating func append(_ other: RawSamples) {
    let (mine, others) = Self.alike(phases, other.phases)
    phases = totals.isEmpty ? other.phases : zip(mine, others).map { $0 + $1 }
    totals += other.totals
    elapsed &+= other.elapsed
  }

  /// Both as far as both are known.
  static func alike(_ first: [[UInt64]], _ second: [[UInt64]]) -> ([[UInt64]], [[UInt64]]) {
    if first.count == second.count { return (first, second) }
    let (one, other) = (hostOnly(first), hostOnly(second))
    return one.count == other.count ? (one, other) : ([], [])
  }

  /// What the host knows by itself of the three parts of an exit: how long the answer took, and all else together.
  private static func hostOnly(_ phases: [[UInt64]]) -> [[UInt64]] {
    phases.count == 3 ? [zip(phases[0], phases[2]).map { $0 &+ $1 }, phases[1]] : phases
  }

  /// From what a guest noted, without its first `warmUp` samples.
  ///
  /// - Parameters:
  ///   - stamps: for each record when its exit came and when it had been answered, by the host's clock; another
  ///     count: nothing is known of the parts.
  ///   - offset: what to add to the host's clock to have the guest's; nil: not known, and there are two parts only.
  init(_ records: [BenchRecord], warmUp: Int, stamps: [UInt64] = [], offset: UInt64? = nil) {
    let counted = records.dropFirst(warmUp)
    // A timer that fires early is in time.
    totals = counted.map { $0.end > $0.begin ? $0.end &- $0.begin : 0 }
    if let first = counted.first, let last = counted.last { elapsed = last.end &- first.begin }
    guard stamps.count >= 2 * records.count else { return }
    phases = Self.split(counted, stamps, offset: offset) ?? Self.split(counted, stamps)
  }

  /// The way to user space, the answer, and the way back; nil where the clocks contradict each other.
  private static func split(_ records: ArraySlice<BenchRecord>, _ stamps: [UInt64], offset: UInt64?)
    -> [[UInt64]]?
  {
    guard let offset else { return nil }
    var phases: [[UInt64]] = [[], [], []]
    for (index, record) in zip(records.indices, records) {
      let (left, entered) = (stamps[2 * index] &+ offset, stamps[2 * index + 1] &+ offset)
      guard record.begin <= left, left <= entered, entered <= record.end else { return nil }
      phases[0].append(left &- record.begin)
      phases[1].append(entered &- left)
      phases[2].append(record.end &- entered)
    }
    return phases
  }

  /// All but the answer, and the answer by the host's clock alone. Where the guest's clock stood still meanwhile an
  /// answer may seem longer than the whole: then it is all of it.
  private static func split(_ records: ArraySlice<BenchRecord>, _ stamps: [UInt64]) -> [[UInt64]] {
    var phases: [[UInt64]] = [[], []]
    for (index, record) in zip(records.indices, records) {
      let whole = record.end &- record.begin
      let answer = min(whole, stamps[2 * index + 1] &- stamps[2 * index])
      phases[0].append(whole &- answer)
      phases[1].append(answer)
    }
    return phases
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
