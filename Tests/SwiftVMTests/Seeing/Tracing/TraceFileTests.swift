import Devices
import FoundationEssentials
import Testing

@testable import swiftvm

struct TraceFileTests {
  private let scratch: Scratch
  private let trace = Trace()

  init() throws {
    scratch = try Scratch()
  }

  private func write(_ count: Int) {
    let writer = trace.writer("vcpu-0")
    for index in 0..<count {
      writer.exit(
        0, count: 1, address: UInt64(index), value: 0, instructionPointer: 0, since: TraceWriter.ticks)
    }
  }

  /// Writes what was traced.
  private func drain(limit: UInt64 = .max) throws {
    let file = TraceFile(
      try OutputFile(scratch("trace"), option: "--trace"), limit: limit, trace: trace, name: "web")
    try TraceDrain(trace, to: [file]).finish(milliseconds: 240_000)
  }

  /// What the drain makes of it.
  private func events(limit: UInt64 = .max) throws -> [TraceEvent] {
    try drain(limit: limit)
    return try JSONDecoder().decode([TraceEvent].self, from: Data(try scratch.content("trace")))
  }

  @Test func `all records of all tracks are in the file, by time, under the machine's name`() throws {
    let chips = trace.writer("chips")
    for index in UInt64(0)..<10 {
      write(1)
      chips.exit(0, count: 1, address: index, value: 0, instructionPointer: 0, since: TraceWriter.ticks)
    }
    let events = try events()
    #expect(events.first?.args?.name == "web")
    #expect(events.filter { $0.name == "thread_name" }.map(\.args?.name) == ["vcpu-0", "chips"])
    let exits = events.filter { $0.ph == "X" }
    #expect(exits.map(\.tid) == (0..<10).flatMap { _ in [2, 1] })
    let times = exits.compactMap(\.ts)
    #expect(times.count == 20 && zip(times, times.dropFirst()).allSatisfy { $0 <= $1 })
  }

  @Test func `what found no room is counted in the file`() throws {
    write(TraceRing.capacity + 7)
    try drain()
    // The file is long: its lines are looked at, not decoded.
    let lines = String(decoding: try scratch.content("trace"), as: UTF8.self).split(separator: "\n")
    #expect(lines.count { $0.contains("\"ph\":\"X\"") } == TraceRing.capacity)
    #expect(lines.filter { $0.contains("\"cat\":\"dropped\"") }.count == 1)
    #expect(lines.contains { $0.contains("\"name\":\"dropped 7 events\"") })
  }

  @Test(arguments: [4096, 5000, 65_535, 65_536, 70_000, 131_072] as [UInt64])
  func `a file never grows past its limit, and is whole`(limit: UInt64) throws {
    write(1000)
    let events = try events(limit: limit)
    let size = try UInt64(scratch.content("trace").count)
    #expect(size <= limit && size + 300 > limit)
    #expect(events.count { $0.ph == "X" } > 10)
  }

  @Test func `a machine without an event leaves a whole file`() throws {
    #expect(try events().map(\.name) == ["process_name"])
  }
}
