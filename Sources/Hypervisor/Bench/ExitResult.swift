/// What was measured of one kind.
public struct ExitResult: Codable, Equatable, Sendable {
  /// A part of a sample. Medians, in ticks.
  public struct Phase: Codable, Equatable, Sendable {
    public let name: String
    public let swiftvm: UInt64
    public let floor: UInt64

    public init(name: String, swiftvm: UInt64, floor: UInt64) {
      self.name = name
      self.swiftvm = swiftvm
      self.floor = floor
    }
  }

  /// The medians of one repetition, which ran both sides one after the other. Ticks.
  public struct Repetition: Codable, Equatable, Sendable {
    public let swiftvm: UInt64
    public let floor: UInt64

    public init(swiftvm: UInt64, floor: UInt64) {
      self.swiftvm = swiftvm
      self.floor = floor
    }

    /// Our time in units of the floor's.
    public var ratio: Double { floor == 0 ? 1 : Double(swiftvm) / Double(floor) }
  }

  public let kind: ExitKind
  public let swiftvm: LatencySummary
  public let floor: LatencySummary
  public let repetitions: [Repetition]
  /// Fewer or none where guest and host clock cannot be compared.
  public let phases: [Phase]
  /// Under swiftvm; nil where pauses lie between the samples.
  public let perSecond: Double?
  /// What made the numbers less certain.
  public let notes: [String]

  public init(
    kind: ExitKind, swiftvm: LatencySummary, floor: LatencySummary, repetitions: [Repetition],
    phases: [Phase],
    perSecond: Double?, notes: [String]
  ) {
    self.kind = kind
    self.swiftvm = swiftvm
    self.floor = floor
    self.repetitions = repetitions
    self.phases = phases
    self.perSecond = perSecond
    self.notes = notes
  }

  /// Our time in units of the floor's: the median of the repetitions' ratios.
  public var ratio: Double {
    let sorted = repetitions.map(\.ratio).sorted()
    guard !sorted.isEmpty else { return 1 }
    return (sorted[(sorted.count - 1) / 2] + sorted[sorted.count / 2]) / 2
  }
}

/// A kind that was not measured.
public struct LeftOutKind: Codable, Equatable, Sendable {
  public let kind: ExitKind
  public let reason: String

  public init(kind: ExitKind, reason: String) {
    self.kind = kind
    self.reason = reason
  }
}
