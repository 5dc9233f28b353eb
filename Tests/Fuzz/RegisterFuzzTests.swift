import TestSupport
import Testing

@testable import Devices

/// Drivers that write nonsense to a device's registers. A device that a person at the other end of a
/// console could be using goes on: nothing traps, nothing hangs, and a reset brings it back.
@Suite struct RegisterFuzzTests {
  @Test(arguments: DeviceUnderTest.all)
  func `any sequence of accesses leaves a device that a reset brings back`(device: DeviceUnderTest) throws {
    let run = FuzzRun(seed: 1)
    let arena = try GuestArena()
    let layouts = try (0..<8).map { _ in try RingLayout(size: 64, in: arena) }
    try run.repeated(rounds: 30) { random, seed in
      let driver = try device.driver(arena: arena)
      defer { driver.function.shutDown() }
      var walk = RegisterWalk(random: random, layouts: layouts)
      for _ in 0..<300 { try walk.step(driver) }
      driver.write(0, to: .status)
      try driver.wait { driver.status == [] }
      driver.function.writeConfiguration(0, at: driver.messageCapability + 2, width: 2)
      // What the guest wrote to the rings is still there; new ones are clean.
      let fresh = try device.driver()
      defer { fresh.function.shutDown() }
      _ = try fresh.start()
      #expect(fresh.status == [.acknowledge, .driver, .featuresOK, .driverOK], "seed \(seed)")
      #expect(driver.doorbells.mistakes == 0, "seed \(seed)")
      random = walk.random
    }
  }
}

/// Structured nonsense: mostly values that mean something, sometimes any, at registers, between them
/// and past them.
struct RegisterWalk {
  var random: SeededRandom
  let layouts: [RingLayout]

  mutating func step(_ driver: PCIDriver) throws {
    switch UInt8.random(in: 0..<16, using: &random) {
    case 0...4: register(driver)
    case 5: driver.set(DeviceStatus(rawValue: UInt8.random(in: 0...255, using: &random)))
    case 6:
      driver.setDriverFeatures(
        VirtioFeatures(rawValue: driver.offeredFeatures.rawValue & random.next() | 1 << 32))
      driver.set([.acknowledge, .driver, .featuresOK])
    case 7:
      driver.write(UInt64.random(in: 0...3, using: &random), to: .queueSelect)
      try driver.configure(
        queue: Int.random(in: 0...3, using: &random), layouts.randomElement(using: &random) ?? layouts[0])
    case 8: driver.set(.driverOK)
    case 9: driver.notify(Int.random(in: 0...5, using: &random))
    case 10: driver.write(1, to: .queueReset)
    case 11: driver.write(0, to: .status)
    case 12: anywhere(driver)
    case 13: configuration(driver)
    case 14: messages(driver)
    default: _ = driver.function.readMemory(at: random.next() & 0xFFFF, width: width())
    }
  }

  private mutating func width() -> Int { Int.random(in: 1...8, using: &random) }

  private mutating func value() -> UInt64 {
    switch UInt8.random(in: 0..<4, using: &random) {
    case 0: UInt64.random(in: 0...4, using: &random)
    case 1: layouts.randomElement(using: &random)?.descriptorTable ?? 0
    case 2: 1 << UInt64.random(in: 0..<64, using: &random)
    default: random.next()
    }
  }

  private mutating func register(_ driver: PCIDriver) {
    guard let register = PCIDriver.Register.allCases.randomElement(using: &random) else { return }
    driver.write(value(), to: register)
  }

  private mutating func anywhere(_ driver: PCIDriver) {
    let offset = Bool.random(using: &random) ? random.next() : random.next() & 0x7FFF
    driver.function.writeMemory(value(), at: offset, width: width())
  }

  /// Doublewords as the bus does them: base address, command, capabilities, the access window.
  private mutating func configuration(_ driver: PCIDriver) {
    let offset = 4 * Int.random(in: 0..<64, using: &random)
    driver.function.writeConfiguration(UInt32(truncatingIfNeeded: value()), at: offset, width: 4)
    let window = driver.windowCapability
    driver.function.writeConfiguration(
      UInt32(truncatingIfNeeded: random.next() & 0x7FFF), at: window + 8, width: 4)
    driver.function.writeConfiguration(
      [1, 2, 4].randomElement(using: &random) ?? 4, at: window + 12, width: 4)
    _ = driver.function.readConfiguration(at: window + 16, width: 4)
    driver.function.writeConfiguration(
      UInt32(truncatingIfNeeded: value()), at: window + 16, width: 4)
  }

  private mutating func messages(_ driver: PCIDriver) {
    driver.function.writeConfiguration(
      UInt32(truncatingIfNeeded: random.next() & 0xC000), at: driver.messageCapability + 2, width: 2)
    guard let table = driver.messages?.table else { return }
    driver.function.writeMemory(
      value(), at: table + random.next() % 0x100, width: Bool.random(using: &random) ? 4 : 8)
  }
}
