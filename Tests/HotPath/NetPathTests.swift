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
    // The signal of an eventfd: an interrupt.
    "write",
    // Within buffers that are there.
    "memcpy", "memmove",
    // End the process.
    "__stack_chk_fail", "__stack_chk_fail_local",
    // Where a fault is thrown, which ends the queue's work: a debugger's place to stop at.
    "swift_willThrowTypedImpl",
  ]

  static let coldPaths: [CallWalk.ColdPath] = [
    .init(
      name: "witness table accessor for type Devices.QueueFault ", reason: "a fault ends the queue's work"),
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

  private func functions(_ isWanted: (String) -> Bool) async throws -> [String] {
    try await ReleaseBuild.executable.value.functions(of: "Devices").filter { isWanted($0.value) }
      .map(\.key).sorted()
  }

  @Test func `moving a frame calls nothing of Swift's runtime`() async throws {
    let queues = try await functions { name in
      Self.path.contains { name.contains($0) } && !name.contains("closure #")
    }
    #expect(queues.count == Self.path.count)
    let ports = try await functions { name in
      Self.port.contains { name.hasPrefix("protocol witness for Devices.FramePort.\($0)") }
    }
    #expect(ports.count == 2 * Self.port.count)
    let roots = queues + ports
    let walk = try await CallWalk(ReleaseBuild.executable.value, from: roots, notInto: Self.coldPaths)
    let violations = walk.leaves.subtracting(Self.allowed).sorted()
    #expect(violations.isEmpty, Comment(rawValue: violations.map(walk.way).joined(separator: "\n")))
    #expect(walk.met == Set(Self.coldPaths), "an exception that nothing needs")
    // It was read to the frames' way in and out.
    for way in [
      ["readv", "clinux_readv"], ["writev", "clinux_writev"], ["recv", "clinux_receive"],
      ["send", "clinux_send"],
    ] {
      #expect(!walk.leaves.isDisjoint(with: way))
    }
  }

  @Test func `the check finds that a receive queue's making allocates`() async throws {
    let roots = try await functions { $0.contains("Devices.ReceiveQueue.init(") }
    try #require(!roots.isEmpty)
    let walk = try await CallWalk(ReleaseBuild.executable.value, from: roots, notInto: [])
    #expect(walk.leaves.contains { $0.hasPrefix("swift_slowAlloc") || $0.hasPrefix("swift_alloc") })
  }
}
