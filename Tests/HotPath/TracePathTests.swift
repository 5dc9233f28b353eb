internal import ProcessSupport
internal import Testing

/// Disassembles the release build: whoever writes into a trace must not count references, allocate, check exclusivity or
/// wait, so that what is seen is what happens without a trace.
@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: ReleaseBuild.isThere, "needs `make release`"))
struct TracePathTests {
  /// What writes a record, and what the devices call for it.
  static let path = [
    "(put in ", "exit(_: ", "served(_: ", "interrupt(gsi: ", "requestBegan(_: ", "requestEnded(_: ",
  ]

  @Test func `writing into a trace calls nothing of Swift's runtime`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { name in
      Self.path.contains { name.hasPrefix("Devices.TraceWriter.\($0)") }
    }
    #expect(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    walk.expectOnly([], coldPaths: [])
    #expect(!walk.hasIndirectCalls)
  }

  @Test func `the check finds that a track's making allocates`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { $0.hasPrefix("Devices.Trace.writer(") }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    #expect(walk.leaves.contains { $0.hasPrefix("swift_retain") || $0.hasPrefix("swift_alloc") })
  }
}
