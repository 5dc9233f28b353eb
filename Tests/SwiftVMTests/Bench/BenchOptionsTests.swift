import Hypervisor
import Testing

@testable import swiftvm

struct BenchOptionsTests {
  @Test func `no kind is every kind, and a kind twice is one`() throws {
    #expect(try BenchOptions.kinds([]) == ExitKind.allCases)
    #expect(try BenchOptions.kinds(["ipi", "cpuid", "ipi"]) == [.ipi, .cpuid])
  }

  @Test(arguments: [("port-raed", "port-read"), ("mmiowrite", "mmio-write"), ("hypercal", "hypercall")])
  func `an unknown kind is answered with the nearest one`(typed: String, meant: String) {
    let error = #expect(throws: Failure.self) { try BenchOptions.kinds(["cpuid", typed]) }
    #expect(error?.status == .usage)
    #expect(error?.message.contains(typed) == true)
    #expect(error?.hint?.contains("did you mean \(meant)?") == true)
  }

  @Test func `a kind that is like none gets no guess`() {
    let error = #expect(throws: Failure.self) { try BenchOptions.kinds(["everything"]) }
    #expect(error?.hint == "`swiftvm bench exits --list` shows all")
  }

  @Test(arguments: [0, -1, 101, Int.max])
  func `repetitions have limits`(number: Int) throws {
    #expect(throws: Failure.self) { try BenchOptions.repetitions(number) }
    #expect(try BenchOptions.repetitions(1) == 1)
    #expect(try BenchOptions.repetitions(100) == 100)
  }

  @Test(arguments: [0, -5, 1_000_001])
  func `samples have limits`(number: Int) throws {
    #expect(throws: Failure.self) { try BenchOptions.samples(number) }
    #expect(try BenchOptions.samples(1_000_000) == 1_000_000)
  }

  @Test func `threads are kept on the CPUs named, else on those allowed`() throws {
    #expect(try BenchOptions.cpus(nil, allowed: [2, 3]) == [2, 3])
    #expect(try BenchOptions.cpus("3,2", allowed: [2, 3]) == [3, 2])
    #expect(try BenchOptions.cpus("none", allowed: [2, 3]) == [])
  }

  @Test(arguments: ["", "a", "2,", "-1", "2,2", "4", "99999999999", "2 3"])
  func `other CPUs are refused`(text: String) {
    let error = #expect(throws: Failure.self) { try BenchOptions.cpus(text, allowed: [2, 3]) }
    #expect(error?.message.hasPrefix("--pin \(text): ") == true)
    #expect(error?.hint != nil)
  }
}
