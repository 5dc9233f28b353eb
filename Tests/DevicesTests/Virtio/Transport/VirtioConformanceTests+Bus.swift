internal import Synchronization
import TestSupport
import Testing

@testable import Devices

/// What a bus asks of every device: who may reach memory, and how interrupts come (PCI Local Bus 3.0 sections 6.2.2 and
/// 6.8).
extension VirtioConformanceTests {
  @Test(arguments: DeviceUnderTest.all)
  func `a device that is no bus master any more reads no queue until it is reset`(
    device: DeviceUnderTest
  ) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let queues = try driver.start()
    driver.setBusMaster(false)
    // A pause ends when the device has let go.
    try driver.settle()
    // Whoever looks at one of these finds that it is wrong; and a notification is looked at before a pause.
    for queue in queues { try queue.setAvailableIndex(queue.layout.size + 1) }
    for index in queues.indices { driver.notify(index) }
    try driver.settle()
    #expect(driver.status == [.acknowledge, .driver, .featuresOK, .driverOK])
    driver.setBusMaster(true)
    for index in queues.indices { driver.notify(index) }
    try driver.settle()
    #expect(driver.status == [.acknowledge, .driver, .featuresOK, .driverOK])
    try driver.reset()
    try expectWorks(driver)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a fault is told by message or pin, as the driver chose last`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    for isByMessage in [true, false] {
      let queues = try driver.start()
      driver.write(0, to: .configurationVector)
      driver.function.writeConfiguration(isByMessage ? 0 : 0x8000, at: driver.messageCapability + 2, width: 2)
      driver.function.writeConfiguration(isByMessage ? 0x8000 : 0, at: driver.messageCapability + 2, width: 2)
      for queue in queues { try queue.setAvailableIndex(queue.layout.size + 1) }
      try driver.wait { breakQueues(driver) }
      let (message, other) = (driver.router.vectors[0], driver.pin)
      try isByMessage ? message.event.wait() : other.event.wait()
      #expect(isByMessage ? other.event.take() == 0 : message.event.take() == 0)
      message.event.take()
      other.event.take()
    }
  }
}
