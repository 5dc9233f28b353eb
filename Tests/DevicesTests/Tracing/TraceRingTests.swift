internal import Synchronization
import TestSupport
import Testing

@testable import Devices

struct TraceRingTests {
  private let trace = Trace()

  private final class Running: Sendable {
    let count = Atomic<Int>(3)
  }

  private func taken(_ ring: TraceRing) -> [TraceRecord] {
    var records: [TraceRecord] = []
    while let record = ring.take() { records.append(record) }
    return records
  }

  private func exit(_ writer: TraceWriter, address: UInt64) {
    writer.exit(0x21, count: 3, address: address, value: 5, instructionPointer: 7, since: TraceWriter.ticks)
  }

  @Test func `what is written comes out once, whole and in order`() throws {
    let writer = trace.writer("vcpu-0")
    for address in UInt64(0)..<100 { exit(writer, address: address) }
    let ring = try #require(trace.tracks.first).ring
    let records = taken(ring)
    #expect(records.map(\.first) == Array(0..<100))
    #expect(records.allSatisfy { $0.kind == .exit && $0.detail == 0x21 && $0.number == 3 })
    #expect(records.allSatisfy { $0.second == 5 && $0.third == 7 && $0.device == 0 })
    #expect(zip(records, records.dropFirst()).allSatisfy { $0.start <= $1.start })
    #expect(ring.take() == nil)
    #expect(ring.dropped == 0)
  }

  @Test func `a full ring drops what comes and counts it, and takes more once there is room`() throws {
    let writer = trace.writer("vcpu-0")
    let ring = try #require(trace.tracks.first).ring
    let capacity = UInt64(TraceRing.capacity)
    for address in 0..<capacity + 10 { exit(writer, address: address) }
    #expect(ring.dropped == 10)
    #expect(ring.take()?.first == 0)
    exit(writer, address: 1 << 40)
    exit(writer, address: 1 << 41)
    #expect(ring.dropped == 11)
    let records = taken(ring)
    #expect(records.map(\.first) == Array(1..<capacity) + [1 << 40])
  }

  @Test func `several threads that write at once lose nothing that is not counted`() throws {
    let writer = trace.writer("chips")
    let ring = try #require(trace.tracks.first).ring
    let each = 50_000
    let running = Running()
    for thread in 0..<3 {
      try HostThread(name: "writer-\(thread)") {
        for value in 0..<each {
          writer.exit(
            UInt8(thread), count: 0, address: UInt64(value), value: ~UInt64(value), instructionPointer: 0,
            since: TraceWriter.ticks)
        }
        running.count.subtract(1, ordering: .releasing)
      }.detach()
    }
    var seen = [[UInt64]](repeating: [], count: 3)
    while true {
      let isLast = running.count.load(ordering: .acquiring) == 0
      while let record = ring.take() {
        #expect(record.second == ~record.first)
        seen[Int(record.detail)].append(record.first)
      }
      if isLast { break }
    }
    for values in seen { #expect(zip(values, values.dropFirst()).allSatisfy { $0 < $1 }) }
    #expect(seen.reduce(0) { $0 + $1.count } + Int(ring.dropped) == 3 * each)
  }

  @Test func `a writer that is off writes nothing and tells no time`() {
    let writer = TraceWriter()
    #expect(!writer.isOn)
    #expect(writer.now == 0)
    exit(writer, address: 1)
    writer.line()
    #expect(trace.tracks.isEmpty)
  }

  @Test func `a track and a device that are named again are the same ones`() throws {
    let first = trace.writer("disk0 queue 0", device: "disk0")
    let second = trace.writer("disk0 queue 0", device: "disk0")
    trace.writer("disk0 queue 1", device: "disk0").interrupt(gsi: 24)
    first.interrupt(gsi: 25)
    second.interrupt(gsi: nil)
    #expect(trace.tracks.map(\.name) == ["disk0 queue 0", "disk0 queue 1"])
    let records = taken(trace.tracks[0].ring)
    #expect(records.map(\.first) == [25, .max])
    #expect(records.map(\.device).map(trace.device) == ["disk0", "disk0"])
    #expect(trace.device(0) == nil)
    #expect(trace.device(2) == nil)
  }
}
