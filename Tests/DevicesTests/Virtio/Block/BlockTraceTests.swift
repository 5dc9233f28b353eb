import TestSupport
import Testing

@testable import Devices

/// What a trace sees of a disk.
struct BlockTraceTests {
  private let trace = Trace()
  private let file: TemporaryFile
  private let block: BlockDriver

  init() throws {
    file = try TemporaryFile(size: 1 << 20)
    block = try BlockDriver(
      DiskBackend.threads.open(file), traces: [trace.writer("disk0 queue 0", device: "disk0", number: 0)])
    try block.start()
  }

  /// All that there is once the disk has stopped.
  private func records() throws -> [TraceRecord] {
    block.driver.function.shutDown()
    let ring = try #require(trace.tracks.first).ring
    var records: [TraceRecord] = []
    while let record = ring.take() { records.append(record) }
    return records
  }

  @Test func `every request begins and ends, with what was asked for and what became of it`() throws {
    _ = try block.perform(1, sector: 6, data: [UInt8](repeating: 1, count: 1024))
    _ = try block.perform(0, sector: 6, answer: 512)
    _ = try block.perform(4)
    _ = try block.perform(8, answer: 20)
    // Behind the end: refused before the disk hears of it.
    _ = try block.perform(0, sector: 1 << 20, answer: 512)
    let records = try records()
    let begins = records.filter { $0.kind == .requestBegin }
    let ends = records.filter { $0.kind == .requestEnd }
    #expect(begins.map(\.detail) == [1, 0, 3, TraceRecord.Kind.identify])
    #expect(begins.map(\.first) == [3072, 3072, 0, 0])
    #expect(begins.map(\.second) == [1024, 512, 0, 0])
    #expect(ends.map(\.detail) == [0, 0, 0, 0])
    #expect(begins.map(\.third) == ends.map(\.third))
    #expect(zip(begins, ends).allSatisfy { $0.start <= $1.start })
  }

  @Test func `the queue's servings and interrupts are seen`() throws {
    for sector in UInt64(0)..<5 { _ = try block.perform(0, sector: sector, answer: 512) }
    let records = try records()
    #expect(records.count { $0.kind == .served } >= 5)
    // The driver may find an answer before it is interrupted, and then wants no interrupt.
    #expect(records.contains { $0.kind == .interrupt })
    #expect(records.allSatisfy { trace.device($0.device) == "disk0" && $0.number == 0 })
  }
}
