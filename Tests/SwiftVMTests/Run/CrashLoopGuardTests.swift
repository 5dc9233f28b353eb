import Testing

@testable import swiftvm

struct CrashLoopGuardTests {
  private static let second: UInt64 = 1_000_000_000

  /// What is answered to such crashes at these seconds after the start.
  private func answers(_ seconds: [UInt64], _ crash: CrashLoopGuard.Crash = .tripleFault) -> [Bool] {
    var crashes = CrashLoopGuard(startedAt: 100 * Self.second)
    return seconds.map { crashes.note(crash, at: (100 + $0) * Self.second) }
  }

  @Test func `the third of three faults at once ends it`() {
    #expect(answers([0, 1, 2]) == [false, false, true])
  }

  @Test func `faults with time between them are reboots`() {
    #expect(answers([5, 10, 15, 20]) == [false, false, false, false])
  }

  @Test func `a kernel that panics has a minute to boot`() {
    #expect(answers([50, 100, 150], .panic) == [false, false, true])
    #expect(answers([61, 122, 183], .panic) == [false, false, false])
  }

  @Test func `a guest that ran for a while is given all its starts again`() {
    #expect(answers([0, 1, 10, 11, 12]) == [false, false, false, false, true])
  }
}
