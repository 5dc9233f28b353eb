import TestSupport
import Testing

@testable import Devices

/// A request is a run of bytes; how it is cut into buffers says nothing (virtio 1.2 section 2.7.4).
@Suite("Framing of block requests")
struct BlockFramingTests {
  private let file: TemporaryFile
  private let block: BlockDriver

  init() throws {
    file = try TemporaryFile(size: 64 * 512)
    block = try BlockDriver(DiskBackend.threads.open(file))
    try block.start()
  }

  @Test func `a write may be cut at every byte`() throws {
    for cut in UInt32(1)..<528 {
      let data = pattern(512, seed: UInt64(cut))
      let answer = try block.perform(1, sector: 7, data: data, readCuts: [cut])
      #expect(answer == .init(status: 0, data: [], written: 1))
      #expect(try file.bytes(512, at: 7 * 512) == data, "cut at \(cut)")
    }
  }

  @Test func `a read may be cut at every byte, the status byte included`() throws {
    let data = pattern(512)
    try file.write(data, at: 9 * 512)
    for cut in UInt32(1)...512 {
      let answer = try block.perform(0, sector: 9, answer: 512, writeCuts: [cut])
      #expect(answer == .init(status: 0, data: data, written: 513), "cut at \(cut)")
    }
  }

  @Test func `a header of single bytes is read`() throws {
    let data = pattern(1024)
    let answer = try block.perform(1, sector: 3, data: data, readCuts: Array(1...16))
    #expect(answer == .init(status: 0, data: [], written: 1))
    #expect(try file.bytes(1024, at: 3 * 512) == data)
  }

  @Test func `cuts at random places give the same as none`() throws {
    var random = SeededRandom(seed: 5)
    for round in 0..<300 {
      let sectors = Int.random(in: 1...8, using: &random)
      let sector = UInt64.random(in: 0...UInt64(64 - sectors), using: &random)
      let size = UInt32(sectors * 512)
      func cuts(_ size: UInt32) -> [UInt32] {
        (0..<Int.random(in: 0..<40, using: &random)).map { _ in UInt32.random(in: 1..<size, using: &random) }
      }
      let data = pattern(Int(size), seed: UInt64(round))
      let write = try block.perform(1, sector: sector, data: data, readCuts: Array(Set(cuts(size + 16))))
      #expect(write == .init(status: 0, data: [], written: 1))
      let read = try block.perform(0, sector: sector, answer: size, writeCuts: Array(Set(cuts(size + 1))))
      #expect(read == .init(status: 0, data: data, written: size + 1))
      // The arena hands memory out once.
      if round % 100 == 99 { break }
    }
  }

  @Test func `an indirect table is followed`() throws {
    let data = pattern(4096)
    try file.write(data, at: 0)
    let request = try block.make(0, answer: 4096)
    let buffers = [request.readable] + request.writable.split(at: Array(stride(from: 64, to: 4096, by: 64)))
    let table = try block.driver.arena.take(UInt64(16 * buffers.count))
    try block.queues[0].add(buffers, indirectTable: table)
    try block.driver.kick(block.queues[0], 0)
    let used = try block.driver.waitForUsed(block.queues[0], 0)
    #expect(
      try block.answer(to: request, written: used.written) == .init(status: 0, data: data, written: 4097))
  }

  @Test func `as many buffers as the disk allows fit an indirect table`() throws {
    let file = try TemporaryFile(size: 254 * 512)
    let block = try BlockDriver(DiskBackend.threads.open(file))
    try block.start()
    let data = pattern(254 * 512)
    let request = try block.make(1, data: data)
    // Header, 254 buffers of data, status: a chain as long as the queue.
    let cuts = Array(stride(from: UInt32(16), to: 254 * 512, by: 512))
    let buffers = request.readable.split(at: cuts) + [request.writable]
    #expect(buffers.count == Int(block.device.queueSizes[0]))
    let table = try block.driver.arena.take(UInt64(16 * buffers.count))
    try block.queues[0].add(buffers, indirectTable: table)
    try block.driver.kick(block.queues[0], 0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 1)
    #expect(try file.bytes(data.count, at: 0) == data)
  }

  @Test func `a header that is too short is refused where there is a status byte`() throws {
    for size in 1..<16 {
      let readable = try block.driver.arena.readable(Array(repeating: 0, count: size))
      let writable = try block.driver.arena.writable(513)
      let request = BlockDriver.Request(readable: readable, writable: writable)
      try block.submit(request)
      let used = try block.driver.waitForUsed(block.queues[0], 0)
      #expect(try block.answer(to: request, written: used.written).status == 1)
    }
  }

  @Test func `a chain without a byte for the status comes back as it went`() throws {
    let readable = try block.driver.arena.readable(BlockDriver.header(1, 0) + pattern(512))
    try block.queues[0].add([readable])
    try block.driver.kick(block.queues[0], 0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 0)
    #expect(try file.bytes(512, at: 0) == Array(repeating: 0, count: 512))
    #expect(block.monitor.counters.refusals == 1)
  }

  @Test func `the status is the last writable byte, whatever comes before it`() throws {
    let answer = try block.perform(1, sector: 1, data: pattern(512), answer: 20)
    #expect(answer == .init(status: 0, data: Array(repeating: 0, count: 20), written: 0))
  }
}
