import Testing

@testable import Hypervisor

struct ExitKindTests {
  @Test func `every kind but those of the host alone has a guest that fits below the page tables`() throws {
    for kind in ExitKind.allCases where kind != .vcpuCreation && kind != .vmCreation {
      let guest = try #require(BenchGuest(kind))
      // A stack lies between.
      #expect((1...0x1000).contains(guest.bytes.count), "\(kind)")
    }
    #expect(BenchGuest(.vmCreation) == nil)
  }

  @Test func `names and summaries tell kinds apart`() {
    #expect(Set(ExitKind.allCases.map(\.summary)).count == ExitKind.allCases.count)
    for kind in ExitKind.allCases {
      #expect(ExitBench.sampleLimits.contains(kind.usualSamples))
      #expect(kind.rawValue.allSatisfy { $0 == "-" || $0.isLowercase })
    }
  }
}
