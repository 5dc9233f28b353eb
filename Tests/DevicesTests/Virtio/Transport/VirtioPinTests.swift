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
    let before = try queue.usedIndex
    try ask(queue)
    try driver.wait { (try? queue.usedIndex) != before }
    // The interrupt comes after the ring's index: wait for the thread that raises it.
    try driver.settle()
  }

  /// Asks for a buffer to be filled, and for an interrupt.
  private func ask(_ queue: DriverQueue) throws {
    try queue.setUsedEvent(queue.usedIndex)
    try queue.add([driver.arena.writable(8)])
    try driver.kick(queue, 0)
  }

  private func control(_ value: UInt32) {
    driver.function.writeConfiguration(value, at: driver.messageCapability + 2, width: 2)
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

  @Test func `messages take the pin's place, and what it was asserted for`() throws {
    defer { driver.function.shutDown() }
    let queue = try start()
    try fill(queue)
    #expect(driver.pin.event.take() > 0)
    driver.enableMessages()
    driver.function.pinWasAcknowledged()
    #expect(driver.pin.event.take() == 0)
    #expect(!showsInterrupt)
    #expect(driver.vector(ofQueue: 0).event.take() == 1)
    control(0)
    #expect(driver.pin.event.take() == 0)
  }

  @Test func `a driver that runs chooses between messages and the pin, and chooses again`() throws {
    defer { driver.function.shutDown() }
    let queue = try start()
    let vector = driver.vector(ofQueue: 0)
    for _ in 0..<3 {
      try ask(queue)
      try driver.pin.event.wait()
      #expect(interruptStatus == 1)
      driver.enableMessages()
      try ask(queue)
      try vector.event.wait()
      vector.event.take()
      #expect(driver.pin.event.take() == 1)
      #expect(!showsInterrupt)
      control(0)
    }
  }

  @Test func `a mask holds back the messages of a running device, and the pin takes what waits`() throws {
    defer { driver.function.shutDown() }
    let queue = try start()
    let vector = driver.vector(ofQueue: 0)
    driver.enableMessages()
    let message = driver.router.connections[vector.number]
    for _ in 0..<2 {
      control(0xC000)
      try ask(queue)
      try vector.event.wait()
      #expect(driver.router.connections.isEmpty)
      #expect(driver.pendingMessages == 1 << 1)
      control(0x8000)
      #expect(driver.router.connections[vector.number] == message)
      #expect(vector.event.take() == 1)
    }
    control(0xC000)
    try ask(queue)
    try vector.event.wait()
    #expect(driver.pin.event.take() == 0)
    control(0)
    #expect(driver.pin.event.take() > 0)
    #expect(interruptStatus & 1 == 1)
    #expect(driver.pendingMessages == 0)
  }

  @Test func `what a worker in the kernel signals goes to the pin where that is chosen`() throws {
    let pin = PinInterrupt(line: try LevelInterruptLine())
    let messages = try MessageSwitch(or: pin)
    let vector = try MessageVector(number: 0)
    let interrupt = QueueInterrupt(message: vector, messages, trace: TraceWriter())
    let thread = try IOThread(name: "relay")
    let relay = LoopBound<PinRelay>()
    messages.set(true)
    let ready = try Latch()
    thread.post { loop in
      relay.set(try? PinRelay(interrupt, vector, on: loop), on: loop)
      ready.open()
    }
    ready.wait()
    vector.signal()
    for _ in 0..<3 {
      messages.set(false)
      try pin.line.event.wait()
      pin.line.event.take()
      #expect(pin.takeStatus() == 1)
      vector.signal()
      try pin.line.event.wait()
      pin.line.event.take()
      #expect(pin.takeStatus() == 1)
      messages.set(true)
      vector.signal()
    }
    thread.post { loop in relay.get(on: loop)?.stop() }
    thread.stop()
    #expect(vector.event.take() == 1)
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
