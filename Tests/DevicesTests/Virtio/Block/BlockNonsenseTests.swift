import TestSupport
import Testing

@testable import Devices

/// A driver that writes whatever it likes into requests, in chains that are well formed.
@Suite("Nonsense for virtio-blk")
struct BlockNonsenseTests {
  @Test(arguments: DiskBackend.allowed, [1, 2, 3] as [UInt64])
  func `every chain comes back once, with a status that exists`(backend: DiskBackend, seed: UInt64) throws {
    let file = try TemporaryFile(size: 64 * 512)
    let block = try BlockDriver(backend.open(file))
    try block.start()
    var random = SeededRandom(seed: seed)
    for _ in 0..<400 {
      let request = try nonsense(block, &random)
      let head = try #require(try block.submit(request))
      let used = try block.driver.waitForUsed(block.queues[0], 0)
      #expect(used.head == UInt32(head))
      #expect(used.written <= request.writable.size)
      let answer = try block.answer(to: request, written: used.written)
      #expect([0, 1, 2].contains(answer.status))
    }
    #expect(block.queues[0].outstanding.isEmpty)
    #expect(!block.driver.status.contains(.needsReset))
    #expect(block.monitor.counters.failures == 0)
    // Nothing was written past the disk's end.
    #expect(throws: (any Error).self) { try file.bytes(1, at: 64 * 512) }
  }

  private func nonsense(_ block: BlockDriver, _ random: inout SeededRandom) throws -> BlockDriver.Request {
    // Sensible, huge and in between.
    func number() -> UInt64 { random.next() >> UInt64.random(in: 0..<64, using: &random) }
    let types: [UInt32] = [0, 1, 4, 8, 11, 13, UInt32(truncatingIfNeeded: number())]
    let data: [UInt8] =
      switch Int.random(in: 0..<4, using: &random) {
      case 0: []
      case 1: pattern(512 * Int.random(in: 1...4, using: &random), seed: random.next())
      case 2:
        BlockDriver.range(
          number(), UInt32(truncatingIfNeeded: number()), flags: UInt32.random(in: 0...2, using: &random))
      default: pattern(Int.random(in: 1...600, using: &random), seed: random.next())
      }
    let answer: UInt32 =
      [0, 20, 512, 1024, UInt32.random(in: 0...600, using: &random)].randomElement(using: &random) ?? 0
    let type = types.randomElement(using: &random) ?? 0
    return try block.make(type, sector: number(), data: data, answer: answer)
  }
}
