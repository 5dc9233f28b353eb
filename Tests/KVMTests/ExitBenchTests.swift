import Devices
import ProcessSupport
import Synchronization
import Testing

@testable import Hypervisor

/// Each kind of `bench exits` on this machine's KVM. One at a time: their threads are kept on the same CPUs.
@Suite(
  .serialized,
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
struct ExitBenchTests {
  /// An emulated CPU carries out the hypercall over and over; a machine with one CPU has no second side.
  private func isMissing(_ kind: ExitKind) -> Bool {
    (kind == .hypercall && HostKVM.emulates) || kind.threads > ExitBench.allowedCPUs.count
  }

  @Test(arguments: ExitKind.allCases)
  func `a kind is measured as often as was asked, on both sides`(kind: ExitKind) throws {
    let kvm = try HostKVM.open()
    let bench = ExitBench(kinds: [kind], repetitions: 2, samples: 5, cpus: ExitBench.allowedCPUs)
    let outcome = try bench.run(on: kvm) { _ in }
    guard !isMissing(kind) else {
      #expect(outcome.results.isEmpty)
      #expect(outcome.leftOut.map(\.kind) == [kind])
      return
    }
    #expect(outcome.leftOut == [])
    let result = try #require(outcome.results.first)
    #expect(outcome.results.count == 1 && result.kind == kind)
    #expect(result.repetitions.count == 2)
    for side in [result.swiftvm, result.floor] {
      #expect(side.count == 10)
      let ordered = [side.minimum, side.p50, side.p90, side.p99, side.p999, side.maximum]
      #expect(ordered == ordered.sorted())
      // A timer may be in time.
      #expect(side.minimum > 0 || kind == .timerLateness)
    }
    #expect((result.perSecond != nil) == kind.isBackToBack)
    #expect(outcome.ticksPerSecond > 1e6)
  }

  @Test func `the parts of an exit make up its whole`() throws {
    let kvm = try HostKVM.open()
    let measurement = try GuestMeasurement(
      .portWrite, on: kvm, host: BenchHost(cpus: [], ticksPerSecond: 1e9))
    for side in BenchSide.allCases {
      let samples = try measurement.run(side, samples: 200)
      #expect(samples.totals.count == 200)
      // Three where guest and host clock can be compared, else two.
      #expect((2...3).contains(samples.phases.count))
      for index in samples.totals.indices {
        #expect(samples.phases.reduce(0) { $0 + $1[index] } == samples.totals[index])
      }
    }
  }

  @Test func `more samples than a batch holds are taken in several`() throws {
    let kvm = try HostKVM.open()
    let measurement = try GuestMeasurement(
      .empty, on: kvm, host: BenchHost(cpus: [], ticksPerSecond: 1e9))
    let wanted = BenchLayout.mostRecords + 10
    #expect(try measurement.run(.floor, samples: wanted).totals.count == wanted)
  }

  @Test func `what goes on is told in order`() throws {
    let told = Mutex<[String]>([])
    let kvm = try HostKVM.open()
    _ = try ExitBench(kinds: [.cpuid, .portRead], repetitions: 2, samples: 1, cpus: []).run(on: kvm) {
      event in
      let text =
        switch event {
        case .began(let kind, let repetition): "\(kind.rawValue) \(repetition)"
        case .measured(let result): "\(result.kind.rawValue) measured"
        case .leftOut(let missing): "\(missing.kind.rawValue) left out"
        }
      told.withLock { $0.append(text) }
    }
    #expect(
      told.withLock { $0 } == [
        "cpuid 1", "cpuid 2", "cpuid measured", "port-read 1", "port-read 2", "port-read measured",
      ])
  }
}
