import TestSupport
import Testing

@testable import Devices

/// What every device makes of a driver that breaks the rules of a queue (virtio 1.2 section 2.1.2).
@Suite(.serialized) struct VirtioFaultTests {
  @Test(arguments: DeviceUnderTest.all, MalformedChain.allCases)
  func `a malformed chain ends the work on all queues, and is told once`(
    device: DeviceUnderTest, chain: MalformedChain
  ) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let queues = try start(driver)
    for queue in queues { try queue.offer(chain, in: driver.arena) }
    try driver.wait {
      for index in queues.indices { driver.notify(index) }
      return driver.status.contains(.needsReset)
    }
    try driver.core.pause()
    driver.core.resume()
    // A good chain in each queue is left where it is.
    let before = try queues.map { try $0.usedIndex }
    for (index, queue) in queues.enumerated() {
      try queue.set(RawDescriptor(driver.arena.writable(64), next: nil), at: 0)
      try queue.setAvailableIndex(queue.usedIndex)
      try queue.offer(head: 0)
      try queue.publish()
      driver.notify(index)
    }
    // Whatever a notification began ends before the pause does.
    try driver.core.pause()
    #expect(try queues.map { try $0.usedIndex } == before)
    #expect(driver.router.vectors[0].event.take() == 1)
    #expect(driver.status.contains(.needsReset))
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a device that needs a reset takes no queue, and works after it`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let queues = try start(driver)
    for queue in queues { try queue.offer(.runawayIndex, in: driver.arena) }
    try driver.wait {
      for index in queues.indices { driver.notify(index) }
      return driver.status.contains(.needsReset)
    }
    for index in queues.indices {
      driver.write(UInt64(index), to: .queueSelect)
      driver.write(1, to: .queueReset)
      try driver.wait { driver.read(.queueReset) == 0 }
      _ = try driver.setUp(queue: index, size: 8)
      #expect(driver.read(.queueEnable) == 0)
    }
    _ = try start(driver)
    try driver.core.pause()
    driver.core.resume()
    #expect(driver.status == [.acknowledge, .driver, .featuresOK, .driverOK])
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a vector that the table does not have is answered by none`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let count = UInt64(try #require(driver.messages).count)
    try driver.negotiate()
    driver.write(0, to: .queueSelect)
    for register in [PCIDriver.Register.configurationVector, .queueVector] {
      driver.write(count - 1, to: register)
      #expect(driver.read(register) == count - 1)
      for vector in [count, 0x7FF, 0x800, 0xFFFE, 0xFFFF] {
        driver.write(vector, to: register)
        #expect(driver.read(register) == 0xFFFF, "\(vector)")
      }
    }
  }

  /// Starts with small queues and the first vector for the news of a fault.
  private func start(_ driver: PCIDriver) throws -> [DriverQueue] {
    try driver.negotiate()
    driver.enableMessages()
    driver.write(0, to: .configurationVector)
    let queues = try (0..<Int(driver.read(.queueCount))).map { try driver.setUp(queue: $0, size: 8) }
    driver.set(.driverOK)
    return queues
  }
}
