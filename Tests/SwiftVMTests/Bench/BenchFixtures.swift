import Hypervisor

@testable import swiftvm

extension BenchReport {
  /// A result with one kind, or several of the same numbers. A tick is a nanosecond.
  static func made(
    _ kinds: [ExitKind] = [.portRead], medians: [UInt64] = [100, 101, 102, 103, 104],
    floors: [UInt64] = [50, 50, 50, 50, 50], cpu: String = "Some CPU", notes: [String] = []
  ) throws -> BenchReport {
    let results = try kinds.map { kind in
      guard let swiftvm = LatencySummary(medians), let floor = LatencySummary(floors) else { throw Empty() }
      return ExitResult(
        kind: kind, swiftvm: swiftvm, floor: floor,
        repetitions: zip(medians, floors).map { ExitResult.Repetition(swiftvm: $0, floor: $1) },
        phases: kind == .portRead
          ? [ExitResult.Phase(name: "guest to user space", swiftvm: 40, floor: 30)] : [],
        perSecond: kind == .portRead ? 123_456.7 : nil, notes: notes)
    }
    return BenchReport(
      host: BenchHostFacts(
        cpu: cpu, kernel: "6.1.0", kvm: "SVM (AMD), kvm_amd", emulates: false, isVirtual: true,
        mitigations: ["spectre_v1": "Mitigation: some & <more>"]),
      ticksPerSecond: 1e9, cpus: [0, 1], results: results,
      leftOut: [LeftOutKind(kind: .hypercall, reason: "no such thing")])
  }

  private struct Empty: Error {}
}
