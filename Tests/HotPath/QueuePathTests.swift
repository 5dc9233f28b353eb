internal import ProcessSupport
internal import Testing

/// Disassembles the release build: taking a chain of a virtqueue and giving it back must not count
/// references, allocate, check exclusivity or ask for metadata, whatever the chain.
@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: ReleaseBuild.isThere, "needs `make release`"))
struct QueuePathTests {
  static let allowed: Set<String> = [
    // A debugger's place to stop at, where a fault is thrown.
    "swift_willThrowTypedImpl"
  ]

  static let coldPaths = [CallWalk.queueFault]

  /// What a worker calls for every chain, and for every batch of them.
  static let path = [
    "pop(into: ", "push(_: ", "publish() -> ", "enableNotifications() -> ", "disableNotifications() -> ",
  ]

  private func functions(_ names: [String]) async throws -> [String] {
    try await ReleaseBuild.symbols("Devices") { function in
      names.contains { function.hasPrefix("Devices.VirtQueue.\($0)") }
    }
  }

  @Test func `taking a chain and giving it back call nothing of Swift's runtime`() async throws {
    let roots = try await functions(Self.path)
    #expect(roots.count == Self.path.count)
    let walk = try await CallWalk(from: roots, notInto: Self.coldPaths)
    walk.expectOnly(Self.allowed, coldPaths: Self.coldPaths)
    // Nor anything that the disassembly cannot name.
    #expect(!walk.hasIndirectCalls)
    // It was read to the walk along a chain.
    #expect(walk.meanings.values.contains { $0.contains("VirtQueue.(walk in ") })
  }

  @Test func `the check finds that a queue's making counts references and allocates`() async throws {
    let roots = try await functions(["init("])
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    #expect(walk.leaves.contains { $0.hasPrefix("swift_slowAlloc") || $0.hasPrefix("swift_alloc") })
    #expect(walk.leaves.contains { $0.hasPrefix("swift_retain") || $0.hasPrefix("swift_release") })
  }
}
