import Synchronization
import SystemPackage
import TestSupport
import Testing

@testable import Devices

@Suite("virtio-blk")
struct BlockDeviceTests {
  @Test(arguments: DiskBackend.allowed)
  func `what was written is read back, and is in the file`(backend: DiskBackend) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try BlockDriver(backend.open(file))
    try block.start()
    for sector in UInt64(0)..<20 {
      let data = pattern(1536, seed: sector)
      let written = try block.perform(1, sector: sector * 3, data: data)
      #expect(written == .init(status: 0, data: [], written: 1))
      let read = try block.perform(0, sector: sector * 3, answer: 1536)
      #expect(read == .init(status: 0, data: data, written: 1537))
      #expect(try file.bytes(1536, at: sector * 1536) == data)
    }
    #expect(try block.perform(4) == .init(status: 0, data: [], written: 1))
    #expect(block.monitor.counters.reads == 20)
    #expect(block.monitor.counters.bytesWritten == 20 * 1536)
    #expect(block.monitor.counters.others == 1)
  }

  @Test(arguments: DiskBackend.allowed)
  func `many requests at once all complete, each once`(backend: DiskBackend) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try BlockDriver(backend.open(file))
    try block.start()
    var requests: [UInt32: BlockDriver.Request] = [:]
    for sector in UInt64(0)..<100 {
      let request = try block.make(1, sector: sector, data: pattern(512, seed: sector))
      let head = try #require(try block.queues[0].add([request.readable, request.writable]))
      requests[UInt32(head)] = request
    }
    try block.driver.kick(block.queues[0], 0)
    for _ in 0..<100 {
      let used = try block.driver.waitForUsed(block.queues[0], 0)
      let found = requests.removeValue(forKey: used.head)
      let request = try #require(found)
      #expect(try block.answer(to: request, written: used.written) == .init(status: 0, data: [], written: 1))
    }
    #expect(try block.queues[0].takeUsed() == nil)
    for sector in UInt64(0)..<100 {
      #expect(try file.bytes(512, at: sector * 512) == pattern(512, seed: sector))
    }
  }

  @Test func `requests complete in the disk's order, not the driver's`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk)
    try block.start()
    let heads = try (0..<3).map { try block.submit(block.make(1, sector: UInt64($0), data: pattern(512))) }
    try disk.wait(for: 3)
    #expect(disk.requests.map(\.offset) == [0, 512, 1024])
    for index in [2, 0, 0] { disk.end(index) }
    let used = try (0..<3).map { _ in try block.driver.waitForUsed(block.queues[0], 0).head }
    let expected = [heads[2], heads[0], heads[1]].compactMap { $0 }.map { UInt32($0) }
    #expect(used == expected)
  }

  @Test func `an error of the disk is the request's alone`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk)
    try block.start()
    let requests = try (0..<3).map { try block.make(0, sector: UInt64($0), answer: 512) }
    for request in requests { try block.submit(request) }
    try disk.wait(for: 3)
    disk.end(1, .ioError)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 0)
    disk.end(0)
    disk.end(0, .notSupported)
    _ = try block.driver.waitForUsed(block.queues[0], 0)
    _ = try block.driver.waitForUsed(block.queues[0], 0)
    let statuses = try requests.map { try block.answer(to: $0, written: 0).status }
    #expect(statuses == [0, 1, 2])
    #expect(block.monitor.counters.failures == 2)
    try block.monitor.failed.wait()
    #expect(block.monitor.lastFailure?.offset == 1024)
    #expect(block.monitor.lastFailure?.error == .notSupported)
  }

  @Test func `a reset waits for what the disk works on`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk, queues: 2)
    try block.start()
    for queue in 0..<2 { try block.submit(block.make(0, answer: 512), queue: queue) }
    try disk.wait(for: 2)
    block.driver.write(0, to: .status)
    #expect(block.driver.status != [])
    disk.end(0)
    #expect(block.driver.status != [])
    disk.end(0)
    try block.driver.wait { block.driver.status == [] }
    // It works afterwards.
    try block.start()
    try block.submit(block.make(0, answer: 512))
    try disk.wait(for: 1)
    disk.end(0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 513)
  }

  /// A disk that lets one be worked with, and nobody after that.
  private final class ScarceDisk: Disk {
    let disk: ThreadedDisk
    private let opened = Mutex(0)

    init(_ file: TemporaryFile) throws {
      disk = try ThreadedDisk(file.open())
    }

    var geometry: DiskGeometry { disk.geometry }

    func openChannel(for owner: any DiskChannelOwner, on loop: EventLoop) throws(Errno) -> any DiskChannel {
      let number = opened.withLock { count in
        count += 1
        return count
      }
      guard number == 1 else { throw .tooManyOpenFiles }
      return try disk.openChannel(for: owner, on: loop)
    }
  }

  @Test func `what a queue needs of the host is had before the guest runs, and once`() throws {
    let file = try TemporaryFile(size: 1 << 20)
    #expect(throws: Errno.tooManyOpenFiles) { try BlockDriver(ScarceDisk(file), queues: 2) }
    let block = try BlockDriver(ScarceDisk(file))
    for _ in 0..<3 {
      try block.start()
      #expect(try block.perform(0, answer: 512).status == 0)
      try block.driver.reset()
    }
  }

  @Test func `a pause answers all that the disk has, however it overtook itself`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk)
    try block.start()
    let requests = try (0..<3).map { try block.make(0, sector: UInt64($0), answer: 512) }
    for request in requests { try block.submit(request) }
    try disk.wait(for: 3)
    disk.end(1)
    _ = try block.driver.waitForUsed(block.queues[0], 0)
    let (begun, stopped) = (try SharedEvent(), try SharedEvent())
    block.device.stop(queue: 0) { stopped.event.signal() }
    block.threads[0].post { _ in begun.event.signal() }
    try begun.event.wait()
    for _ in 0..<2 { disk.end(0) }
    try stopped.event.wait()
    try block.driver.core.pause()
    block.driver.core.resume()
    for _ in 0..<2 { _ = try block.driver.waitForUsed(block.queues[0], 0) }
    #expect(block.queues[0].outstanding.isEmpty)
    let statuses = try requests.map { try block.answer(to: $0, written: 0).status }
    #expect(statuses == [0, 0, 0])
    // None is begun anew: the next that the disk sees is the next that comes.
    try block.submit(block.make(0, sector: 9, answer: 512))
    try disk.wait(for: 1)
    #expect(disk.requests.map(\.offset) == [9 * 512])
    disk.end(0)
    _ = try block.driver.waitForUsed(block.queues[0], 0)
  }

  @Test func `a reset of one queue leaves the other at work`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk, queues: 2)
    try block.start()
    for queue in 0..<2 { try block.submit(block.make(0, sector: UInt64(queue), answer: 512), queue: queue) }
    try disk.wait(for: 2)
    block.driver.write(0, to: .queueSelect)
    block.driver.write(1, to: .queueReset)
    #expect(block.driver.read(.queueReset) == 1)
    let other = try #require(disk.requests.firstIndex { $0.offset == 512 })
    disk.end(other)
    #expect(try block.driver.waitForUsed(block.queues[1], 1).written == 513)
    #expect(block.driver.read(.queueReset) == 1)
    disk.end(0)
    try block.driver.wait { block.driver.read(.queueReset) == 0 }
  }

  @Test(arguments: MalformedChain.allCases)
  func `a malformed chain makes it ask for a reset, after which it works again`(chain: MalformedChain) throws
  {
    let block = try BlockDriver(DiskBackend.threads.open(TemporaryFile(size: 1 << 20)))
    try block.start(size: 8)
    try block.queues[0].offer(chain, in: block.driver.arena)
    block.driver.notify(0)
    try block.driver.wait { block.driver.status.contains(.needsReset) }
    try block.start()
    #expect(try block.perform(0, answer: 512).status == 0)
  }

  @Test func `more chains than fit wait in the ring`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk)
    try block.start(size: 4)
    let queue = block.queues[0]
    // One chain of two buffers, offered again and again as no honest driver does.
    let request = try block.make(0, answer: 512)
    let head = try #require(try block.submit(request))
    for _ in 0..<3 { try queue.offer(head: head) }
    try block.driver.kick(queue, 0)
    try disk.wait(for: 4)
    try queue.offer(head: head)
    try queue.publish()
    block.driver.notify(0)
    for _ in 0..<5 {
      try disk.wait(for: 1)
      disk.end(0)
    }
    for _ in 0..<5 { #expect(try block.driver.waitForUsed(queue, 0).head == UInt32(head)) }
  }

  @Test func `its identity is told, padded or cut to 20 bytes`() throws {
    for (serial, seen) in [("vm-1", "vm-1"), ("", ""), ("0123456789abcdefghijKLM", "0123456789abcdefghij")] {
      let block = try BlockDriver(HeldDisk(DiskGeometry(capacity: 512)), identity: serial)
      try block.start()
      let padded = Array(seen.utf8) + Array(repeating: 0, count: 20 - seen.utf8.count)
      #expect(try block.perform(8, answer: 20) == .init(status: 0, data: padded, written: 21))
      #expect(try block.perform(8, answer: 4).data == Array(padded.prefix(4)))
    }
  }

  @Test(arguments: DiskBackend.allowed)
  func `a read-only disk refuses every change`(backend: DiskBackend) throws {
    let file = try TemporaryFile(size: 1 << 20)
    try file.write(pattern(512), at: 0)
    let block = try BlockDriver(backend.open(file, isReadOnly: true))
    try block.start()
    #expect(block.driver.offeredFeatures.contains(.blockReadOnly))
    #expect(block.driver.offeredFeatures.isDisjoint(with: [.blockDiscard, .blockWriteZeroes]))
    #expect(try block.perform(1, data: pattern(512, seed: 9)).status == 1)
    #expect(try block.perform(11, data: BlockDriver.range(0, 1)).status == 2)
    #expect(try block.perform(13, data: BlockDriver.range(0, 1)).status == 1)
    #expect(try block.perform(0, answer: 512).data == pattern(512))
    #expect(try block.perform(4).status == 0)
  }

  @Test(arguments: DiskBackend.allowed, [1, 4])
  func `every queue works`(backend: DiskBackend, count: Int) throws {
    let file = try TemporaryFile(size: 1 << 20)
    let block = try BlockDriver(backend.open(file), queues: count)
    try block.start()
    #expect(block.driver.offeredFeatures.contains(.blockMultiQueue) == (count > 1))
    #expect(block.configuration(34, 2) == UInt64(count))
    #expect(block.queues.count == count)
    for index in 0..<count {
      let data = pattern(4096, seed: UInt64(index))
      #expect(try block.perform(1, sector: UInt64(8 * index), data: data, queue: index).status == 0)
      #expect(try block.perform(0, sector: UInt64(8 * index), answer: 4096, queue: index).data == data)
    }
  }
}
