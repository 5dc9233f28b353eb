import FoundationEssentials
import ProcessSupport
import Testing

@testable import swiftvm

/// `--trace` and `trace show` of the release executable.
@Suite(.program, .kvm) struct TraceProcessTests {
  private let scratch: Scratch

  init() throws {
    scratch = try Scratch()
  }

  /// The events of a trace that must be JSON as a whole.
  private func events(_ name: String = "trace") throws -> [TraceEvent] {
    try JSONDecoder().decode([TraceEvent].self, from: Data(try scratch.content(name)))
  }

  private func names(_ events: [TraceEvent]) -> [UInt64: String] {
    events.filter { $0.name == "thread_name" }.reduce(into: [:]) { names, event in
      if let thread = event.tid { names[thread] = event.args?.name }
    }
  }

  /// Each track's times, which must not go back.
  private func expectOrder(_ events: [TraceEvent], sourceLocation: SourceLocation = #_sourceLocation) {
    for (_, track) in Dictionary(grouping: events.filter { $0.ts != nil }, by: { $0.tid ?? 0 }) {
      // A worker's serving is written when it ends, after what happened in it.
      let times = track.filter { $0.cat != "queue" && $0.cat != "dropped" }.compactMap(\.ts)
      #expect(zip(times, times.dropFirst()).allSatisfy { $0 <= $1 }, sourceLocation: sourceLocation)
    }
  }

  @Test func `every exit of a guest that counts its own is in the trace, in order, with place and value`()
    async throws
  {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("port-exits", ["--on-reboot", "exit", "--trace", scratch("trace")]))
    #expect(outcome.status == 0)
    #expect(outcome.error == "")
    let events = try events()
    expectOrder(events)
    // A ring has room for more than there are: none can have been dropped.
    let exits = events.filter { $0.cat == "exit" }
    #expect(exits.count == 40018)
    #expect(names(events).values.contains("vcpu-0"))
    let letters = exits.filter { $0.args?.address == "0x3f8" }
    #expect(letters.count == 17)
    #expect(letters.last?.args?.value == "0xa")
    #expect(letters.allSatisfy { $0.name == "port write COM1 THR/DLL" && $0.args?.device == "COM1" })
    // Where the host's KVM tells, every exit says where the guest stood: in its 512 bytes.
    let places = exits.compactMap(\.args?.rip)
    #expect(places.isEmpty || places.count == exits.count)
    #expect(places.allSatisfy { $0.hasPrefix("0x7c") || $0.hasPrefix("0x7d") })
  }

  @Test func `a driver's requests begin and end, with the servings and interrupts between`() async throws {
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 100 * 512))
    let outcome = try await Lesson.run("virtio-blk", "-d", disk, "--trace", scratch("trace"))
    #expect(outcome.status == 0, "\(outcome.error)")
    let events = try events()
    expectOrder(events)
    let begins = events.filter { $0.ph == "b" }
    let ends = events.filter { $0.ph == "e" }
    // Four sectors at either end; one behind it is refused before it is anything to the disk.
    #expect(begins.map(\.name) == ["write", "write", "flush", "read", "read"])
    #expect(ends.map(\.name) == begins.map(\.name))
    #expect(begins.map(\.args?.sector) == [0, 96, 0, 0, 96])
    #expect(ends.allSatisfy { $0.args?.status == "ok" && $0.args?.device == "disk0" })
    for (begin, end) in zip(begins, ends) { #expect(begin.ts ?? 1 <= end.ts ?? 0 && begin.id == end.id) }
    #expect(events.count { $0.cat == "interrupt" && $0.args?.device == "disk0" && $0.args?.gsi != nil } >= 6)
    #expect(events.contains { $0.cat == "queue" && $0.name == "serve disk0" })
    // The device's registers by name, where the guest found them.
    #expect(events.contains { $0.name == "MMIO write disk0 device_status" && $0.args?.value == "0x1" })
  }

  @Test func `trace show prints it, and what a filter leaves of it`() async throws {
    _ = try await SwiftVMProgram.run(
      SwiftVMProgram.running("serial", ["--on-reboot", "exit", "--trace", scratch("trace")]))
    let all = try await SwiftVMProgram.run(["trace", "show", scratch("trace")])
    #expect(all.status == 0 && all.error == "")
    let lines = all.output.split(separator: "\n")
    let letters = try await SwiftVMProgram.run(
      ["trace", "show", scratch("trace"), "--vcpu", "0", "--device", "COM1", "--reason", "port-write"])
    let kept = letters.output.split(separator: "\n")
    #expect(!kept.isEmpty && kept.count < lines.count)
    #expect(kept.allSatisfy { $0.contains("vcpu-0") && $0.contains("port write COM1") })
    for (filter, error, hint) in [
      (["--since", "1e6"], "has no such event", "it ends at second"),
      (["--device", "foo"], "has no event of a device foo", "COM1"),
      (["--vcpu", "7"], "has no vCPU 7", "its vCPUs are 0"),
    ] {
      expectFailure(
        try await SwiftVMProgram.run(["trace", "show", scratch("trace")] + filter), status: 2, error: error,
        hint: hint)
    }
    expectFailure(
      try await SwiftVMProgram.run(["trace", "show", scratch("trace"), "--reason", "port"]),
      status: 2, error: "--reason port: no such reason", hint: "port write")
    expectFailure(
      try await SwiftVMProgram.run(["trace", "show", Repository.executable]),
      status: 2, error: "is no trace of swiftvm", hint: "--trace FILE")
  }

  @Test func `a killed machine's trace can be read, and misses but its end`() async throws {
    let program = try SwiftVMProgram.start("idle", ["--trace", scratch("trace")])
    try program.waitForOutput("up")
    // Until the first events are on their way to the file.
    try await eventually { try scratch.content("trace").count >= 1000 }
    program.signal(9)
    _ = try program.waitForEnd()
    let text = String(decoding: try scratch.content("trace"), as: UTF8.self)
    #expect(text.hasPrefix("[\n{") && text.hasSuffix("}"))
    let outcome = try await SwiftVMProgram.run(["trace", "show", scratch("trace")])
    #expect(outcome.status == 0)
    #expect(outcome.output.contains("port write COM1"))
    #expect(outcome.error.contains("its end is missing"))
  }

  // MARK: Files that take no more

  @Test func `at its limit a trace ends, whole, and the guest goes on`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running(
        "port-exits", ["--on-reboot", "exit", "--trace", scratch("trace"), "--trace-limit", "64K"]))
    #expect(outcome.status == 0 && outcome.output.count == 17)
    #expect(outcome.error.split(separator: "\n").count == 1)
    #expect(outcome.error.contains("has reached 64K (--trace-limit): tracing has ended, the guest goes on"))
    #expect(try (60_000...65_536).contains(scratch.content("trace").count))
    expectOrder(try events())
  }

  @Test func `a full disk ends the trace behind its last whole event, and the guest goes on`() async throws {
    let outcome = try await SwiftVMProgram.shell(
      """
      ulimit -f 100; exec $vm run --flat $guests/port-exits.bin -m 16 --boot-hint 0 --on-reboot exit --trace \(scratch("trace"))
      """)
    #expect(outcome.status == 0 && outcome.output.count == 17)
    #expect(outcome.error.split(separator: "\n").count == 1)
    #expect(
      outcome.error.contains("File too large: tracing has ended, the guest goes on"), "\(outcome.error)")
    expectOrder(try events())
  }

  @Test func `a device without room ends the trace, and the guest goes on`() async throws {
    let outcome = try await SwiftVMProgram.run(
      SwiftVMProgram.running("port-exits", ["--on-reboot", "exit", "--trace", "/dev/full"]))
    #expect(outcome.status == 0 && outcome.output.count == 17)
    #expect(
      outcome.error
        == "warning: trace /dev/full: No space left on device: tracing has ended, the guest goes on\n")
  }

  @Test func `a file that cannot be written, or is somebody's, is refused before the guest runs`()
    async throws
  {
    func run(_ more: String...) async throws -> Program.Outcome {
      try await SwiftVMProgram.run(SwiftVMProgram.running("serial", ["--on-reboot", "exit"] + more))
    }
    expectFailure(
      try await run("--trace", scratch("no/trace")), status: 2,
      error: "--trace \(scratch("no/trace")): No such file",
      hint: "directory")
    expectFailure(
      try await run("--trace-limit", "1M"), status: 2, error: "--trace-limit without --trace",
      hint: "--trace FILE")
    let disk = try scratch.file("disk", [UInt8](repeating: 7, count: 4096))
    expectFailure(
      try await run("-d", disk, "--trace", disk), status: 2, error: "is in use", hint: "another file")
    #expect(try scratch.content("disk") == [UInt8](repeating: 7, count: 4096))
    expectFailure(
      try await run("--trace", scratch("trace"), "--trace-limit", "1K"), status: 2, error: "no event",
      hint: "--trace-limit")
    expectFailure(
      try await run("--trace", scratch("trace"), "--trace-limit", "much"), status: 2,
      error: "--trace-limit much: not an amount of memory", hint: "512M")
  }
}
