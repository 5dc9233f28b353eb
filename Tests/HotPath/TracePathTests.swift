internal import ProcessSupport
internal import Testing

/// Disassembles the release build: whoever writes into a trace must not count references, allocate, check exclusivity or
/// wait, so that what is seen is what happens without a trace.
@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: ReleaseBuild.isThere, "needs `make release`"))
struct TracePathTests {
  static let allowed: Set<String> = [
    // End the process.
    "__stack_chk_fail", "__stack_chk_fail_local",
  ]

  /// What writes a record, and what the devices call for it.
  static let path = [
    "(put in ", "exit(_: ", "served(_: ", "interrupt(gsi: ", "requestBegan(_: ", "requestEnded(_: ",
  ]

  private func functions(_ isWanted: (String) -> Bool) async throws -> [String] {
    try await ReleaseBuild.executable.value.functions(of: "Devices").filter { isWanted($0.value) }
      .map(\.key).sorted()
  }

  @Test func `writing into a trace calls nothing of Swift's runtime`() async throws {
    let roots = try await functions { name in
      Self.path.contains { name.hasPrefix("Devices.TraceWriter.\($0)") }
    }
    #expect(!roots.isEmpty)
    let walk = try await CallWalk(ReleaseBuild.executable.value, from: roots, notInto: [])
    let violations = walk.leaves.subtracting(Self.allowed).sorted()
    #expect(violations.isEmpty, Comment(rawValue: violations.map(walk.way).joined(separator: "\n")))
    #expect(!walk.hasIndirectCalls)
  }

  @Test func `the check finds that a track's making allocates`() async throws {
    let roots = try await functions { $0.hasPrefix("Devices.Trace.writer(") }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(ReleaseBuild.executable.value, from: roots, notInto: [])
    #expect(walk.leaves.contains { $0.hasPrefix("swift_retain") || $0.hasPrefix("swift_alloc") })
  }
}
