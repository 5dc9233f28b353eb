import TestSupport
import Testing

@testable import Devices

/// The command register's bus master bit (PCI Local Bus 3.0 section 6.2.2), under traffic and in the midst of other
/// changes. What holds for every device is in the conformance suite.
@Suite struct VirtioBusMasterTests {
  private func entropy() throws -> PCIDriver {
    try PCIDriver(EntropyDevice(thread: IOThread(name: "bus")), arena: GuestArena())
  }

  @Test func `a driver that is ready first waits for the bit`() throws {
    let driver = try entropy()
    defer { driver.function.shutDown() }
    driver.setBusMaster(false)
    let queue = try driver.start()[0]
    let early = try driver.arena.writable(8)
    try queue.add([early])
    try driver.kick(queue, 0)
    try driver.settle()
    #expect(try queue.usedIndex == 0)
    driver.setBusMaster(true)
    #expect(try driver.waitForUsed(queue, 0).written == 8)
  }

  @Test func `a message waits for the bit, and shows that it does`() throws {
    let driver = try entropy()
    defer { driver.function.shutDown() }
    _ = try driver.start()
    driver.write(0, to: .configurationVector)
    let vector = driver.router.vectors[0]
    let message = driver.router.connections[vector.number]
    #expect(message != nil)
    driver.setBusMaster(false)
    driver.core.configurationChanged()
    #expect(driver.router.connections.isEmpty)
    #expect(driver.pendingMessages & 1 != 0)
    driver.setBusMaster(true)
    #expect(driver.router.connections[vector.number] == message)
    #expect(vector.event.take() == 1)
    #expect(driver.pin.event.take() == 0)
  }

  @Test func `the pin needs no bus`() throws {
    let driver = try entropy()
    defer { driver.function.shutDown() }
    try driver.negotiate()
    driver.set(.driverOK)
    driver.setBusMaster(false)
    driver.core.configurationChanged()
    #expect(driver.pin.event.take() == 1)
  }

  @Test func `what is with a disk ends first, and a driver that has the bit again resets before it goes on`()
    throws
  {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk)
    try block.start()
    try block.submit(block.make(0, answer: 512))
    try disk.wait(for: 1)
    block.driver.setBusMaster(false)
    try block.waitForWorkers()
    try block.submit(block.make(0, sector: 1, answer: 512))
    // As a kernel does that was started by another one, whose rings are its memory now.
    block.driver.setBusMaster(true)
    disk.end(0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 513)
    try block.driver.settle()
    #expect(disk.requests.isEmpty)
    try block.driver.reset()
    try block.start()
    try block.submit(block.make(0, sector: 1, answer: 512))
    try disk.wait(for: 1)
    #expect(disk.requests.map(\.offset) == [512])
    disk.end(0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 513)
  }

  @Test func `a reset while it lets go is a reset, and the bit is as before`() throws {
    let disk = try HeldDisk(DiskGeometry(capacity: 1 << 20))
    let block = try BlockDriver(disk)
    try block.start()
    try block.submit(block.make(0, answer: 512))
    try disk.wait(for: 1)
    block.driver.setBusMaster(false)
    block.driver.write(0, to: .status)
    #expect(block.driver.status != [])
    disk.end(0)
    try block.driver.wait { block.driver.status == [] }
    try block.start()
    try block.submit(block.make(0, sector: 2, answer: 512))
    try block.driver.settle()
    #expect(disk.requests.isEmpty)
    block.driver.setBusMaster(true)
    try disk.wait(for: 1)
    disk.end(0)
    #expect(try block.driver.waitForUsed(block.queues[0], 0).written == 513)
  }

  @Test func `a queue of its own reset is not begun while the device is cut off`() throws {
    let driver = try entropy()
    defer { driver.function.shutDown() }
    _ = try driver.start()
    driver.setBusMaster(false)
    driver.setBusMaster(true)
    driver.write(0, to: .queueSelect)
    driver.write(1, to: .queueReset)
    try driver.wait { driver.read(.queueReset) == 0 }
    let again = try driver.setUp(queue: 0, size: 8)
    try again.add([driver.arena.writable(9)])
    try driver.kick(again, 0)
    try driver.settle()
    #expect(try again.usedIndex == 0)
  }

  @Test func `each chain comes back once at most, whenever the bit goes`() throws {
    let driver = try entropy()
    defer { driver.function.shutDown() }
    for round in 0..<200 {
      let queue = try driver.start(size: 16)[0]
      let buffer = try driver.arena.writable(8)
      let count = round % 8 + 1
      for _ in 0..<count { try queue.add([buffer]) }
      try driver.kick(queue, 0)
      driver.setBusMaster(false)
      driver.setBusMaster(true)
      try driver.settle()
      #expect(try queue.usedIndex <= UInt16(count))
      #expect(!driver.status.contains(.needsReset))
      try driver.reset()
    }
  }
}
