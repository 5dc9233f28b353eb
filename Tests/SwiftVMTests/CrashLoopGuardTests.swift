import Testing

@testable import swiftvm

struct CrashLoopGuardTests {
  private static let second: UInt64 = 1_000_000_000

  /// What is answered to triple faults at these seconds after the start.
  private func answers(_ seconds: [UInt64]) -> [Bool] {
    var crashes = CrashLoopGuard(startedAt: 100 * Self.second)
    return seconds.map { crashes.noteTripleFault(at: (100 + $0) * Self.second) }
  }

  @Test func `the third of three faults at once ends it`() {
    #expect(answers([0, 1, 2]) == [false, false, true])
  }

  @Test func `faults with time between them are reboots`() {
    #expect(answers([5, 10, 15, 20]) == [false, false, false, false])
  }

  @Test func `a guest that ran for a while is given all its starts again`() {
    #expect(answers([0, 1, 10, 11, 12]) == [false, false, false, false, true])
  }
}
