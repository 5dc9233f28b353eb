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
    "readv", "writev", "recv", "send", "__errno_location",
    // The same, where the shim stands alone.
    "clinux_readv", "clinux_writev", "clinux_receive", "clinux_send",
    // The signal of an eventfd: an interrupt; and a timer for one that may wait.
    "write", "timerfd_settime", "clinux_timerfd_arm",
    // Within buffers that are there.
    "memcpy", "memmove",
    // Where a fault is thrown, which ends the queue's work: a debugger's place to stop at.
    "swift_willThrowTypedImpl",
  ]

  static let coldPaths: [CallWalk.ColdPath] = [
    CallWalk.queueFault,
    .init(name: "Devices.FrameStream.end(", reason: "the last of a connection"),
  ]

  /// What a receiver calls for a frame, and a transmitter for all that are there. The ways to the host are called
  /// through a table.
  static let path = [
    "Devices.ReceiveQueue.(fill in ", "Devices.ReceiveQueue.(accept in ",
    "Devices.ReceiveQueue.(placeWaiting in ", "Devices.ReceiveWindow.read(from: ",
    "Devices.TransmitQueue.move(to: ",
  ]

  /// The same of a way to the host: a TAP and a stream.
  static let port = ["read(into: ", "write(_: ", "hasRoom.getter ", "flush() "]

  @Test func `moving a frame calls nothing of Swift's runtime`() async throws {
    let queues = try await ReleaseBuild.symbols("Devices") { name in
      Self.path.contains { name.contains($0) } && !name.contains("closure #")
    }
    #expect(queues.count == Self.path.count)
    let ports = try await ReleaseBuild.symbols("Devices") { name in
      Self.port.contains { name.hasPrefix("protocol witness for Devices.FramePort.\($0)") }
    }
    #expect(ports.count == 2 * Self.port.count)
    let walk = try await CallWalk(from: queues + ports, notInto: Self.coldPaths)
    walk.expectOnly(Self.allowed, coldPaths: Self.coldPaths)
    // It was read to the frames' way in and out.
    for way in [
      ["readv", "clinux_readv"], ["writev", "clinux_writev"], ["recv", "clinux_receive"],
      ["send", "clinux_send"],
    ] {
      #expect(!walk.leaves.isDisjoint(with: way))
    }
  }

  @Test func `the check finds that a receive queue's making allocates`() async throws {
    let roots = try await ReleaseBuild.symbols("Devices") { $0.contains("Devices.ReceiveQueue.init(") }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(from: roots)
    #expect(walk.leaves.contains { $0.hasPrefix("swift_slowAlloc") || $0.hasPrefix("swift_alloc") })
  }
}
