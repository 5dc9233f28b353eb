import SystemPackage
import TestSupport
import Testing

@testable import Devices

/// What the host's part of a disk does with a file. A tmpfs and the file system of the build differ in
/// what they can do, so both are tried.
@Suite("Disks in files")
struct DiskTests {
  static let directories = ["/tmp", "/dev/shm"]

  private func start(_ backend: DiskBackend, _ file: TemporaryFile, _ cache: DiskCache = .writeback) throws
    -> BlockDriver
  {
    let block = try BlockDriver(backend.open(file, cache: cache))
    try block.start()
    return block
  }

  @Test(arguments: DiskBackend.allowed, directories)
  func `a discard gives the blocks back`(backend: DiskBackend, directory: String) throws {
    let file = try TemporaryFile(size: 1 << 20, in: directory)
    let block = try start(backend, file)
    for sector in stride(from: UInt64(0), to: 2048, by: 128) {
      #expect(try block.perform(1, sector: sector, data: pattern(65536)).status == 0)
    }
    #expect(try block.perform(4).status == 0)
    let before = try file.allocatedSize
    #expect(before >= 1 << 20)
    #expect(try block.perform(11, data: BlockDriver.range(0, 1024)).status == 0)
    #expect(try file.allocatedSize <= before - (1 << 19))
    #expect(try block.perform(0, sector: 512, answer: 512).data == Array(repeating: 0, count: 512))
    #expect(try block.perform(0, sector: 1024, answer: 512).data == Array(pattern(65536).prefix(512)))
  }

  @Test(arguments: DiskBackend.allowed, directories)
  func `zeroes are written where asked and nowhere else`(backend: DiskBackend, directory: String) throws {
    let file = try TemporaryFile(size: 1 << 20, in: directory)
    let block = try start(backend, file)
    for unmap in [0, 1] as [UInt32] {
      let data = pattern(32 * 512)
      #expect(try block.perform(1, sector: 100, data: data).status == 0)
      #expect(try block.perform(13, data: BlockDriver.range(103, 21, flags: unmap)).status == 0)
      let expected = data.prefix(3 * 512) + Array(repeating: 0, count: 21 * 512) + data.suffix(8 * 512)
      #expect(try block.perform(0, sector: 100, answer: 32 * 512).data == Array(expected))
      #expect(try block.perform(13, data: BlockDriver.range(100, 0, flags: unmap)).status == 0)
      #expect(try block.perform(11, data: BlockDriver.range(100, 0)).status == 0)
    }
  }

  @Test func `a file in memory is known`() throws {
    let file = try TemporaryFile(size: 512, in: "/dev/shm")
    #expect(try ThreadedDisk(file.open()).isInMemory)
    #expect(try !ThreadedDisk(OwnedDescriptor.open("/proc/self/stat", 0), isReadOnly: true).isInMemory)
  }

  @Test func `a disk that may not discard keeps its blocks`() throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try BlockDriver(DiskBackend.threads.open(file, canDiscard: false))
    try block.start()
    #expect(!block.driver.offeredFeatures.contains(.blockDiscard))
    #expect(block.configuration(56, 1) == 0)
    #expect(try block.perform(1, data: pattern(65536)).status == 0)
    #expect(try block.perform(4).status == 0)
    let before = try file.allocatedSize
    #expect(try block.perform(11, data: BlockDriver.range(0, 128)).status == 2)
    #expect(try block.perform(13, data: BlockDriver.range(0, 128, flags: 1)).status == 0)
    #expect(try file.allocatedSize >= before)
    #expect(try block.perform(0, answer: 512).data == Array(repeating: 0, count: 512))
  }

  @Test(arguments: DiskBackend.allowed)
  func `a file that became shorter fails what lies past its end, and only that`(backend: DiskBackend) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try start(backend, file)
    try file.resize(to: 4096)
    #expect(try block.perform(0, sector: 8, answer: 512).status == 1)
    #expect(try block.perform(0, sector: 7, answer: 1024).status == 1)
    #expect(try block.perform(0, sector: 7, answer: 512).status == 0)
    #expect(block.monitor.counters.failures == 2)
    #expect(block.monitor.lastFailure?.error == .ioError)
  }

  @Test(arguments: DiskBackend.allowed)
  func `a file that was removed goes on to work`(backend: DiskBackend) throws {
    var file: TemporaryFile? = try TemporaryFile(size: 1 << 20)
    let block = try start(backend, #require(file))
    file = nil
    #expect(try block.perform(1, data: pattern(512)).status == 0)
    #expect(try block.perform(0, answer: 512).data == pattern(512))
  }

  @Test(arguments: DiskBackend.allowed)
  func `a full device fails the write`(backend: DiskBackend) throws {
    let block = try BlockDriver(FullDisk(backend))
    try block.start()
    #expect(try block.perform(1, data: pattern(512)).status == 1)
    #expect(block.monitor.lastFailure?.error == .noSpace)
  }

  @Test(arguments: DiskBackend.allowed, [.writeback, .none] as [DiskCache])
  func `data may be short or long and lie anywhere in memory`(backend: DiskBackend, cache: DiskCache) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try start(backend, file, cache)
    // The arena hands out odd addresses; without the page cache a large request goes through several buffers of ours.
    for (sector, size) in [(8, 4096), (512, 600 * 512)] as [(UInt64, Int)] {
      let data = pattern(size, seed: sector)
      #expect(try block.perform(1, sector: sector, data: data, readCuts: [1, 77, 513]).status == 0)
      #expect(try file.bytes(size, at: sector * 512) == data)
      #expect(try block.perform(0, sector: sector, answer: UInt32(size), writeCuts: [3]).data == data)
    }
    #expect(try block.perform(4).status == 0)
  }

  @Test func `without the page cache, aligned data goes straight to the file`() throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try start(.threads, file, .none)
    let page = try block.driver.arena.take(8192, alignment: 4096)
    let data = pattern(8192)
    try block.driver.arena.memory.write(bytes: data, at: GuestAddress(page))
    let header = try block.driver.arena.readable(BlockDriver.header(1, 16))
    let status = try block.driver.arena.writable(1)
    try block.queues[0].add([header, DriverBuffer(address: page, size: 8192, isWritable: false), status])
    try block.driver.kick(block.queues[0], 0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 1)
    #expect(try file.bytes(8192, at: 16 * 512) == data)
  }

  @Test func `without the page cache, a sector smaller than the device's leaves its neighbours alone`() throws
  {
    let file = try TemporaryFile(size: 1 << 20)
    let all = pattern(1 << 20)
    try file.write(all, at: 0)
    let block = try start(.threads, file, .none)
    var expected = all
    for sector in [0, 3, 7, 9, 2047] {
      let data = pattern(512, seed: UInt64(sector) + 100)
      #expect(try block.perform(1, sector: UInt64(sector), data: data).status == 0)
      expected.replaceSubrange((sector * 512)..<(sector * 512 + 512), with: data)
    }
    #expect(try file.bytes(1 << 20, at: 0) == expected)
    #expect(try block.perform(0, sector: 5, answer: 512).data == Array(expected[2560..<3072]))
  }

  @Test func `with an unsafe cache a flush does nothing and succeeds`() throws {
    let block = try start(.threads, TemporaryFile(size: 1 << 20), .unsafe)
    #expect(try block.perform(1, data: pattern(512)).status == 0)
    #expect(try block.perform(4).status == 0)
  }

  @Test(arguments: DiskBackend.allowed)
  func `data of many small buffers, and of few large ones, arrives`(backend: DiskBackend) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try start(backend, file)
    let data = pattern(200 * 512)
    for cuts in [[], Array(stride(from: UInt32(16), to: 200 * 512, by: 512)), [16], [16, 20000]] {
      try file.write(Array(repeating: 0, count: data.count), at: 0)
      #expect(try block.perform(1, data: data, readCuts: cuts).status == 0)
      #expect(try file.bytes(data.count, at: 0) == data)
    }
    let cuts = Array(stride(from: UInt32(512), to: 200 * 512, by: 512))
    #expect(try block.perform(0, answer: UInt32(data.count), writeCuts: cuts).data == data)
  }
}

/// A disk whose every write meets a full device.
private final class FullDisk: Disk {
  private let disk: ThreadedDisk
  private let ring: RingDisk?
  let geometry = DiskGeometry(capacity: 1 << 20)

  init(_ backend: DiskBackend) throws {
    disk = try ThreadedDisk(OwnedDescriptor.open("/dev/full", 2))
    ring = backend == .threads ? nil : try RingDisk(disk)
  }

  func openChannel(for owner: any DiskChannelOwner, on loop: EventLoop) throws(Errno) -> any DiskChannel {
    if let ring { return try ring.openChannel(for: owner, on: loop) }
    return try disk.openChannel(for: owner, on: loop)
  }
}
