import Devices
import FoundationEssentials
import Testing

@testable import Hypervisor
@testable import swiftvm

struct TraceEventsTests {
  private let trace = Trace()
  private let track = TraceTrack(number: 2, name: "vcpu-0")
  // A counter of 1 GHz.
  private let clock = TraceClock(
    from: .init(ticks: 1000, nanoseconds: 0), to: .init(ticks: 2000, nanoseconds: 1000))

  private func decoded(_ bytes: [UInt8]) throws -> TraceEvent {
    try JSONDecoder().decode(TraceEvent.self, from: Data(bytes))
  }

  private func event(_ record: TraceRecord) throws -> TraceEvent {
    var events = TraceEvents(trace)
    return try decoded(events.event(record, of: track, at: clock, on: nil))
  }

  @Test func `an exit has its time, how long it took, its place and its value`() throws {
    let event = try event(
      TraceRecord(
        .exit, detail: TracedExit.detail(.portWrite, width: 1), number: 1, start: 1_001_234, duration: 567,
        first: 0x3F8, second: 0xFF41, third: 0xFFFF_FFFF_8100_0000))
    #expect(event.ph == "X")
    #expect(event.tid == 3)
    #expect(event.ts == 1000.234)
    #expect(event.dur == 0.567)
    #expect(event.args?.reason == "port write")
    #expect(event.args?.address == "0x3f8")
    #expect(event.args?.value == "0x41")
    #expect(event.args?.rip == "0xffffffff81000000")
    #expect(event.args?.count == nil)
  }

  @Test func `an exit without a place, at a place that is not known, says neither`() throws {
    let event = try event(
      TraceRecord(.exit, detail: TracedExit.detail(.halt, width: 0), number: 1, start: 1000))
    #expect(event.name == "HLT")
    #expect(event.ts == 0)
    #expect(event.args == .init(reason: "HLT"))
  }

  @Test func `a request's end has the name of its beginning, whatever ended meanwhile`() throws {
    var events = TraceEvents(trace)
    func next(_ kind: TraceRecord.Kind, _ detail: UInt8, slot: UInt64) throws -> TraceEvent {
      try decoded(
        events.event(
          TraceRecord(kind, detail: detail, device: 1, start: 2000, first: 1024, second: 512, third: slot),
          of: track, at: clock, on: nil))
    }
    _ = trace.writer("q", device: "disk0")
    let read = try next(.requestBegin, DiskRequest.Operation.read.rawValue, slot: 4)
    #expect(read.ph == "b" && read.name == "read" && read.cat == "disk0" && read.id == "disk0.0.4")
    #expect(read.args?.sector == 2 && read.args?.bytes == 512)
    _ = try next(.requestBegin, DiskRequest.Operation.flush.rawValue, slot: 5)
    let end = try next(.requestEnd, 1, slot: 4)
    #expect(end.ph == "e" && end.name == "read" && end.id == read.id && end.args?.status == "I/O error")
    #expect(try next(.requestEnd, 0, slot: 5).name == "flush")
    // Its beginning was dropped.
    #expect(try next(.requestEnd, 0, slot: 5).name == "request")
  }

  @Test func `names may hold what JSON must escape`() throws {
    var events = TraceEvents(trace)
    let name = "a \"b\" \\ \n \u{1} é"
    #expect(try decoded(events.process(name)).args?.name == name)
  }

  @Test func `any record makes an event that decodes`() throws {
    var events = TraceEvents(trace)
    for kind in TraceRecord.Kind.allCases {
      for detail in UInt8.min...UInt8.max {
        let record = TraceRecord(
          kind, detail: detail, device: .max, number: .max, start: .max, duration: .max, first: .max,
          second: .max, third: .max)
        _ = try decoded(events.event(record, of: track, at: clock, on: nil))
      }
    }
  }
}
