import SystemPackage
import TestSupport
import Testing

@testable import Devices

/// Which writes are stable when they complete (virtio 1.2 section 5.2.6.2), and what the configuration
/// structure says.
@Suite("Cache and configuration of virtio-blk")
struct BlockCacheTests {
  private let disk: HeldDisk
  private let block: BlockDriver

  init() throws {
    disk = try HeldDisk(DiskGeometry(capacity: 1 << 20, logicalBlock: 512, physicalBlock: 4096))
    block = try BlockDriver(disk)
  }

  private static let base: VirtioFeatures = [.version1, .ringReset]

  private func operationOfWrite() throws -> DiskRequest.Operation {
    try operation(of: block.make(1, data: pattern(512)))
  }

  private func operation(of request: BlockDriver.Request) throws -> DiskRequest.Operation {
    try block.submit(request)
    try disk.wait(for: 1)
    let operation = disk.requests[0].operation
    disk.end(0)
    _ = try block.driver.waitForUsed(block.queues[0], 0)
    return operation
  }

  @Test func `a driver that can flush gets writes that are not stable`() throws {
    try block.start(Self.base.union(.blockFlush))
    #expect(try operationOfWrite() == .write)
  }

  @Test func `a driver that knows no cache gets stable writes`() throws {
    try block.start(Self.base)
    #expect(try operationOfWrite() == .stableWrite)
  }

  @Test func `a driver that cannot flush finds the cache written through`() throws {
    try block.start(Self.base.union(.blockConfigurableCache))
    #expect(block.configuration(32, 1) == 0)
    #expect(try operationOfWrite() == .stableWrite)
  }

  @Test func `a driver may change the cache, and a reset changes it back`() throws {
    try block.start(Self.base.union([.blockConfigurableCache, .blockFlush]))
    #expect(block.configuration(32, 1) == 1)
    block.device.writeConfiguration(0, at: 32, width: 1)
    #expect(block.configuration(32, 1) == 0)
    #expect(try operationOfWrite() == .stableWrite)
    block.device.writeConfiguration(1, at: 32, width: 1)
    #expect(try operationOfWrite() == .write)
    block.device.writeConfiguration(0, at: 32, width: 1)
    try block.driver.reset()
    #expect(block.configuration(32, 1) == 1)
  }

  @Test func `zeroes are stable where writes are, and what is discarded has nothing to be stable`() throws {
    let range = BlockDriver.range(0, 1)
    let unmapped = BlockDriver.range(0, 1, flags: 1)
    let features: VirtioFeatures = [.blockWriteZeroes, .blockDiscard]
    try block.start(Self.base.union(features))
    #expect(try operation(of: block.make(13, data: range)) == .stableWriteZeroes)
    #expect(try operation(of: block.make(13, data: unmapped)) == .stableUnmapZeroes)
    #expect(try operation(of: block.make(11, data: range)) == .discard)
    try block.start(Self.base.union(features).union([.blockConfigurableCache, .blockFlush]))
    #expect(try operation(of: block.make(13, data: range)) == .writeZeroes)
    #expect(try operation(of: block.make(13, data: unmapped)) == .unmapZeroes)
    block.device.writeConfiguration(0, at: 32, width: 1)
    #expect(try operation(of: block.make(13, data: range)) == .stableWriteZeroes)
    #expect(try operation(of: block.make(13, data: unmapped)) == .stableUnmapZeroes)
    #expect(try operation(of: block.make(11, data: range)) == .discard)
  }

  @Test func `without the feature the cache cannot be changed`() throws {
    try block.start(Self.base.union(.blockFlush))
    block.device.writeConfiguration(0, at: 32, width: 1)
    #expect(block.configuration(32, 1) == 1)
    #expect(try operationOfWrite() == .write)
  }

  @Test func `no other field can be written`() throws {
    try block.start()
    let before = (0..<60).map { block.configuration($0, 1) }
    for offset in 0..<60 where offset != 32 { block.device.writeConfiguration(.max, at: offset, width: 1) }
    for (offset, width) in [(32, 2), (32, 4), (31, 2), (28, 8), (32, 8)] {
      block.device.writeConfiguration(0, at: offset, width: width)
    }
    #expect((0..<60).map { block.configuration($0, 1) } == before)
  }

  @Test func `the fields say what the disk is, at every width`() throws {
    let block = try BlockDriver(
      HeldDisk(DiskGeometry(capacity: 0x0102_0304_0506 * 512, logicalBlock: 4096, physicalBlock: 16384)),
      queues: 3)
    #expect(block.device.configurationSize == 60)
    #expect(block.configuration(0, 8) == 0x0102_0304_0506)
    #expect(block.configuration(0, 4) == 0x0304_0506)
    #expect(block.configuration(4, 4) == 0x0102)
    #expect(block.configuration(8, 4) == 1 << 20)
    #expect(block.configuration(12, 4) == 254)
    #expect(block.configuration(20, 4) == 4096)
    // 2^2 logical blocks in a physical one; aligned from the start; at least 4 blocks at once.
    #expect(block.configuration(24, 4) == 0x0004_0002)
    #expect(block.configuration(32, 4) == 3 << 16 | 1)
    #expect(block.configuration(36, 4) == 1 << 22)
    #expect(block.configuration(40, 4) == 1)
    #expect(block.configuration(44, 4) == 32)
    #expect(block.configuration(48, 4) == 1 << 18)
    #expect(block.configuration(52, 4) == 1)
    #expect(block.configuration(56, 4) == 1)
    // Any access is the bytes of it.
    for width in 1...8 {
      for offset in 0...(60 - width) {
        let bytes = (0..<width).map { block.configuration(offset + $0, 1) << UInt64(8 * $0) }
        #expect(block.configuration(offset, width) == bytes.reduce(0, |))
      }
    }
  }

  @Test func `a state that was saved is taken up again, another disk's is not`() throws {
    try block.start(Self.base.union([.blockConfigurableCache, .blockFlush]))
    block.device.writeConfiguration(0, at: 32, width: 1)
    let state = block.device.state
    let same = try BlockDriver(disk)
    #expect(same.device.state != state)
    try same.device.restore(state)
    #expect(same.device.state == state)
    let other = try BlockDriver(HeldDisk(DiskGeometry(capacity: 512)))
    #expect(throws: InvalidState.self) { try other.device.restore(state) }
  }
}
