import TestSupport
import Testing

@testable import Devices

/// Interrupts by pin, of drivers that do not switch MSI-X on (virtio 1.2 section 4.1.4.5, PCI Local Bus 3.0
/// sections 6.2.2 and 6.2.3).
@Suite struct VirtioPinTests {
  private let driver: PCIDriver

  init() throws {
    driver = try PCIDriver(EntropyDevice(thread: IOThread(name: "pin")), arena: GuestArena())
  }

  private func start() throws -> DriverQueue {
    try driver.negotiate()
    let queue = try driver.setUp(queue: 0)
    driver.set(.driverOK)
    return queue
  }

  /// Has a buffer filled, and waits by the ring alone.
  private func fill(_ queue: DriverQueue) throws {
    try queue.setUsedEvent(queue.usedIndex)
    let before = try queue.usedIndex
    try queue.add([driver.arena.writable(8)])
    try driver.kick(queue, 0)
    try driver.wait { (try? queue.usedIndex) != before }
    // The interrupt comes after the ring's index: wait for the thread that raises it.
    try driver.core.pause()
    driver.core.resume()
  }

  private var interruptStatus: UInt8 {
    UInt8(truncatingIfNeeded: driver.function.readMemory(at: driver.parts[3]?.offset ?? 0, width: 1))
  }

  private var showsInterrupt: Bool { driver.configuration(0x06, 2) & 1 << 3 != 0 }

  private func command(_ value: UInt32) {
    driver.function.writeConfiguration(value, at: 0x04, width: 2)
  }

  @Test func `a used buffer asserts the pin until the driver reads why`() throws {
    defer { driver.function.shutDown() }
    let queue = try start()
    #expect(!showsInterrupt)
    try fill(queue)
    #expect(driver.pin.event.take() > 0)
    #expect(showsInterrupt)
    #expect(driver.configuration(0x07, 1) & 1 << 3 == 0)
    #expect(driver.configuration(0x04, 4) & 1 << 19 != 0)
    // The guest ended the interrupt without a look at the device: it comes again.
    driver.function.pinWasAcknowledged()
    #expect(driver.pin.event.take() == 1)
    #expect(interruptStatus == 1)
    #expect(interruptStatus == 0)
    #expect(!showsInterrupt)
    driver.function.pinWasAcknowledged()
    #expect(driver.pin.event.take() == 0)
  }

  @Test func `a pin that is switched off waits, and shows that it does`() throws {
    defer { driver.function.shutDown() }
    let queue = try start()
    command(0x406)
    try fill(queue)
    driver.function.pinWasAcknowledged()
    #expect(driver.pin.event.take() == 0)
    #expect(showsInterrupt)
    command(6)
    #expect(driver.pin.event.take() == 1)
    command(6)
    #expect(driver.pin.event.take() == 0)
  }

  @Test func `messages take the pin's place`() throws {
    defer { driver.function.shutDown() }
    let queue = try start()
    try fill(queue)
    #expect(driver.pin.event.take() > 0)
    driver.enableMessages()
    driver.function.pinWasAcknowledged()
    #expect(driver.pin.event.take() == 0)
    driver.function.writeConfiguration(0, at: driver.messageCapability + 2, width: 2)
    #expect(driver.pin.event.take() == 1)
  }

  @Test func `a fault is told by the pin, as a change of configuration`() throws {
    defer { driver.function.shutDown() }
    try start().offer(.headOutsideTable, in: driver.arena)
    driver.notify(0)
    try driver.wait { driver.status.contains(.needsReset) }
    try driver.pin.event.wait()
    #expect(interruptStatus == 2)
    try driver.reset()
    #expect(!showsInterrupt)
  }
}
