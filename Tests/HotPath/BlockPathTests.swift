internal import ProcessSupport
internal import Testing

/// Disassembles the release build: a disk request's way from the virtqueue to the ring, and its end's way back,
/// must not count references, allocate, check exclusivity or ask for metadata.
@Suite(
  .enabled(if: MachineTests.areWanted, Comment(rawValue: MachineTests.howToAsk)),
  .enabled(if: ReleaseBuild.isThere, "needs `make release`"))
struct BlockPathTests {
  static let allowed: Set<String> = [
    // The header and the serial number, into and out of buffers that are there.
    "memcpy", "memmove",
    // The signal of an eventfd.
    "write", "clinux_eventfd_signal", "__errno_location",
    // An io_uring's memory, and the one system call for a batch.
    "clinux_ring_prepare", "clinux_ring_submit", "clinux_ring_take",
    // Where a fault is thrown: a debugger's place to stop at.
    "swift_willThrowTypedImpl",
  ]

  static let coldPaths: [CallWalk.ColdPath] = [
    CallWalk.queueFault,
    .init(
      name: "witness table accessor for type Devices.BlockStatus ", reason: "a request that makes no sense"),
    .init(name: "BlockRequestTable.(make in ", reason: "once for each request that can be under way"),
    .init(name: "RingQueue.(withdraw in ", reason: "a batch that the kernel had no memory for"),
    .init(name: "RingQueue.(nextRefused in ", reason: "a batch that the kernel had no memory for"),
    .init(name: "DiskFile.(tryLockBlocks in ", reason: "a host whose blocks are larger than sectors"),
    .init(name: "DiskFile.(unlockBlocks in ", reason: "a host whose blocks are larger than sectors"),
    .init(name: "ThreadChannel.submit(", reason: "requests that a ring does not take"),
    .init(name: "ThreadChannel.(nextOfBatch in ", reason: "requests that a ring does not take"),
    .init(name: "DiskMonitor.noteFailure(", reason: "a request that failed"),
  ]

  /// What a worker calls at every wake-up, one way or another.
  static let path = [
    "Devices.BlockQueue.serve(", "Devices.BlockQueue.takeCompletions(",
    "Devices.BlockQueue.rest() -> ",
  ]

  /// Where its calls into a ring's channel go, by way of a table.
  static let channel = ["submit(", "commit(", "nextCompletion("].map {
    "protocol witness for Devices.DiskChannel.\($0)"
  }

  @Test func `a disk request calls nothing of Swift's runtime`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { name in
      Self.path.contains { name.hasPrefix($0) }
        || (name.contains("in conformance Devices.RingChannel ")
          && Self.channel.contains { name.hasPrefix($0) })
    }
    #expect(roots.count == Self.path.count + Self.channel.count)
    let walk = try await CallWalk(from: roots, notInto: Self.coldPaths)
    walk.expectOnly(Self.allowed, coldPaths: Self.coldPaths)
    // The channel is called by way of a table.
    #expect(walk.hasIndirectCalls)
  }

  @Test func `the check finds that a channel's making allocates`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { $0.hasPrefix("Devices.ThreadChannel.init(") }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    #expect(walk.leaves.contains { $0.hasPrefix("swift_slowAlloc") || $0.hasPrefix("swift_alloc") })
  }
}
