internal import Hypervisor

/// Two results side by side.
struct BenchComparison {
  enum Verdict: Equatable {
    case same
    case faster
    case slower
    /// The bare loop changed as well: it is the machine, its kernel or its load.
    case machine
    /// No order of so few numbers would be improbable.
    case tooFew

    var text: String {
      switch self {
      case .same: "no difference"
      case .faster: "faster"
      case .slower: "slower"
      case .machine: "changed, and the floor with it: not swiftvm"
      case .tooFew: "too few repetitions to tell"
      }
    }
  }

  struct Kind {
    let kind: ExitKind
    /// Medians in nanoseconds.
    let old: Double
    let new: Double
    let floorRatio: Double
    /// That the repetitions' medians differ so by chance.
    let probability: Double
    let verdict: Verdict

    var ratio: Double { old > 0 ? new / old : 1 }
  }

  let kinds: [Kind]
  /// Measured in one of the two only.
  let missing: [ExitKind]
  /// What of the hosts differs.
  let differences: [String]

  init(old: BenchReport, new: BenchReport) {
    var kinds: [Kind] = []
    for result in new.results {
      guard let before = old.results.first(where: { $0.kind == result.kind }) else { continue }
      kinds.append(Self.compare(before, in: old, result, in: new))
    }
    self.kinds = kinds
    missing = ExitKind.allCases.filter { kind in
      old.results.contains { $0.kind == kind } != new.results.contains { $0.kind == kind }
    }
    differences = [
      ("CPU", old.host.cpu, new.host.cpu), ("kernel", old.host.kernel, new.host.kernel),
      ("KVM", old.host.kvm, new.host.kvm),
    ].filter { $0.1 != $0.2 }.map { "\($0.0) was \($0.1), is \($0.2)" }
  }

  private static func compare(
    _ old: ExitResult, in oldReport: BenchReport, _ new: ExitResult, in newReport: BenchReport
  ) -> Kind {
    let medians = (
      old: old.repetitions.map { oldReport.nanoseconds($0.swiftvm) },
      new: new.repetitions.map { newReport.nanoseconds($0.swiftvm) }
    )
    let probability = RankTest.probability(medians.old, medians.new)
    let values = (old: oldReport.nanoseconds(old.swiftvm.p50), new: newReport.nanoseconds(new.swiftvm.p50))
    let floors = (old: oldReport.nanoseconds(old.floor.p50), new: newReport.nanoseconds(new.floor.p50))
    let floorRatio = floors.old > 0 ? floors.new / floors.old : 1
    // What the two would give were they as far apart as can be.
    let least = RankTest.probability(
      medians.old.indices.map { Double($0) }, medians.new.indices.map { Double($0 + medians.old.count) })
    return Kind(
      kind: new.kind, old: values.old, new: values.new, floorRatio: floorRatio, probability: probability,
      verdict: least > limit
        ? .tooFew
        : verdict(
          change: values.old > 0 ? values.new / values.old - 1 : 0, floor: floorRatio - 1,
          probability: probability))
  }

  /// Below it a difference is taken for one. Of 20 kinds that did not change one in five comparisons shows one.
  static let limit = 0.01
  /// Smaller changes are of no interest: the layout of the code in memory makes as much.
  static let smallest = 0.02

  /// - Parameters:
  ///   - change: new / old - 1 of swiftvm, and `floor` that of the bare loop.
  static func verdict(change: Double, floor: Double, probability: Double) -> Verdict {
    guard probability <= limit, abs(change) >= smallest else { return .same }
    if floor * change > 0, abs(floor) >= abs(change) / 2 { return .machine }
    return change > 0 ? .slower : .faster
  }
}
