internal import ProcessSupport
internal import Testing

/// Disassembles the release build: what moves a frame must not count references, allocate, check
/// exclusivity or ask for metadata, for any frame.
@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: ReleaseBuild.isThere, "needs `make release`"))
struct NetPathTests {
  static let allowed: Set<String> = [
    // A frame's way through the host.
    "readv", "writev", "__errno_location",
    // The signal of an eventfd: an interrupt.
    "write",
    // Within buffers that are there.
    "memcpy", "memmove",
    // Where a fault is thrown, which ends the queue's work: a debugger's place to stop at.
    "swift_willThrowTypedImpl",
  ]

  static let coldPaths = [CallWalk.queueFault]

  /// What a receiver calls for a frame, and a transmitter for all that are there.
  static let path = [
    "Devices.ReceiveQueue.(fill in ", "Devices.ReceiveQueue.(accept in ",
    "Devices.ReceiveQueue.(placeWaiting in ", "Devices.ReceiveWindow.read(from: ",
    "Devices.TransmitQueue.move(to: ",
  ]

  @Test func `moving a frame calls nothing of Swift's runtime`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { name in
      Self.path.contains { name.contains($0) } && !name.contains("closure #")
    }
    #expect(roots.count == Self.path.count)
    let walk = try await CallWalk(from: roots, notInto: Self.coldPaths)
    walk.expectOnly(Self.allowed, coldPaths: Self.coldPaths)
    // It was read to the frames' way in and out.
    #expect(walk.leaves.isSuperset(of: ["readv", "writev"]))
  }

  @Test func `the check finds that a receive queue's making allocates`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { $0.contains("Devices.ReceiveQueue.init(") }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    #expect(walk.leaves.contains { $0.hasPrefix("swift_slowAlloc") || $0.hasPrefix("swift_alloc") })
  }
}
