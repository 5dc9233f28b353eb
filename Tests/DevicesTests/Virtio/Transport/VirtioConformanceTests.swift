import TestSupport
import Testing

@testable import Devices

/// What the specification asks of every device (virtio 1.2 sections 2, 3 and 4.1), whichever it is.
@Suite(.serialized) struct VirtioConformanceTests {
  /// States of a device's life in which a driver can ask for its reset.
  enum Stage: CaseIterable {
    case untouched, acknowledged, negotiated, refused, configured, running, queueStopped, failed, broken
  }

  private func bring(_ driver: PCIDriver, to stage: Stage) throws {
    switch stage {
    case .untouched: break
    case .acknowledged: driver.set([.acknowledge, .driver])
    case .negotiated: try driver.negotiate()
    case .refused: try driver.negotiate([])
    case .configured:
      try driver.negotiate()
      _ = try driver.setUp(queue: 0)
    case .running: _ = try driver.start()
    case .queueStopped:
      _ = try driver.start()
      driver.write(0, to: .queueSelect)
      driver.write(1, to: .queueReset)
    case .failed:
      _ = try driver.start()
      driver.set(.failed)
    case .broken:
      // Whatever a device does with a queue, it does not read what is no memory.
      for queue in try driver.start() { try queue.setAvailableIndex(queue.layout.size + 1) }
      try driver.wait { breakQueues(driver) }
    }
  }

  func breakQueues(_ driver: PCIDriver) -> Bool {
    for index in 0..<Int(driver.read(.queueCount)) { driver.notify(index) }
    return driver.status.contains(.needsReset)
  }

  @Test(arguments: DeviceUnderTest.all, Stage.allCases)
  func `a reset from any state gives the first state, from which it works`(
    device: DeviceUnderTest, stage: Stage
  ) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let first = registers(driver)
    try bring(driver, to: stage)
    try driver.reset()
    #expect(registers(driver) == first)
    try expectWorks(driver)
  }

  /// Every register of the common configuration, of every queue.
  private func registers(_ driver: PCIDriver) -> [UInt64] {
    let selected = driver.read(.queueSelect)
    var values: [UInt64] = []
    for index in 0..<driver.read(.queueCount) {
      driver.write(index, to: .queueSelect)
      values += PCIDriver.Register.allCases.filter { $0 != .queueSelect }.map(driver.read)
    }
    driver.write(selected, to: .queueSelect)
    return values
  }

  /// Runs the device and hears nothing bad of it.
  func expectWorks(_ driver: PCIDriver) throws {
    _ = try driver.start()
    #expect(driver.status == [.acknowledge, .driver, .featuresOK, .driverOK])
    try driver.settle()
    #expect(!driver.status.contains(.needsReset))
  }

  @Test(arguments: DeviceUnderTest.all)
  func `features that were not offered are refused, and so are those without VERSION_1`(
    device: DeviceUnderTest
  ) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let offered = driver.offeredFeatures
    #expect(offered.isSuperset(of: .common))
    #expect(try driver.negotiate([.version1]))
    #expect(try driver.negotiate(offered))
    #expect(try !driver.negotiate(offered.subtracting(.version1)))
    #expect(try !driver.negotiate([]))
    for bit in UInt64(0)..<64 where !offered.contains(VirtioFeatures(bit: bit)) {
      #expect(try !driver.negotiate([.version1, VirtioFeatures(bit: bit)]), "bit \(bit)")
    }
    // Windows past the second are empty, and what is written there goes nowhere.
    driver.write(2, to: .deviceFeatureSelect)
    #expect(driver.read(.deviceFeature) == 0)
    try driver.reset()
    driver.write(2, to: .driverFeatureSelect)
    driver.write(0xFFFF_FFFF, to: .driverFeature)
    #expect(driver.read(.driverFeature) == 0)
    #expect(driver.driverFeatures == [])
  }

  @Test(arguments: DeviceUnderTest.all)
  func `agreed features stay as they are`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    try driver.negotiate()
    let agreed = driver.driverFeatures
    driver.setDriverFeatures([])
    #expect(driver.driverFeatures == agreed)
    // A driver clears no status bit but all of them.
    driver.write(UInt64(DeviceStatus.acknowledge.rawValue), to: .status)
    #expect(driver.status == [.acknowledge, .driver, .featuresOK])
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a driver that is ready without agreed features is not`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    driver.set([.acknowledge, .driver, .driverOK])
    #expect(driver.status == [.acknowledge, .driver])
    driver.write(1, to: .queueEnable)
    #expect(driver.read(.queueEnable) == 0)
    try driver.negotiate([])
    driver.set(.driverOK)
    #expect(!driver.status.contains(.driverOK))
    // What only the device sets.
    driver.set(.needsReset)
    #expect(!driver.status.contains(.needsReset))
    try expectWorks(driver)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `an enabled queue cannot be changed, another one can`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    try driver.negotiate()
    for (index, most) in driver.core.device.queueSizes.enumerated() {
      driver.write(UInt64(index), to: .queueSelect)
      #expect(driver.read(.queueSize) == UInt64(most))
      #expect(driver.read(.queueNotifyOffset) == UInt64(index))
      driver.write(1, to: .queueSize)
      driver.write(0x1122_3344_5566_7780, to: .queueDescriptors)
      let queue = try driver.setUp(queue: index)
      #expect(driver.read(.queueEnable) == 1)
      driver.write(1, to: .queueSize)
      driver.write(0, to: .queueDescriptors)
      driver.write(0, to: .queueAvailable)
      driver.write(0, to: .queueUsed)
      driver.write(0, to: .queueEnable)
      #expect(driver.read(.queueSize) == UInt64(queue.layout.size))
      #expect(driver.read(.queueDescriptors) == queue.layout.descriptorTable)
      #expect(driver.read(.queueAvailable) == queue.layout.availableRing)
      #expect(driver.read(.queueUsed) == queue.layout.usedRing)
      #expect(driver.read(.queueEnable) == 1)
    }
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a queue that is not there has no size and takes nothing`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    try driver.negotiate()
    for index in [driver.read(.queueCount), 0x7FFF, 0xFFFF] {
      driver.write(index, to: .queueSelect)
      driver.write(8, to: .queueSize)
      driver.write(0x1000, to: .queueDescriptors)
      driver.write(1, to: .queueEnable)
      driver.write(1, to: .queueReset)
      #expect(driver.read(.queueSize) == 0)
      #expect(driver.read(.queueDescriptors) == 0)
      #expect(driver.read(.queueEnable) == 0)
      #expect(driver.read(.queueReset) == 0)
      driver.notify(Int(index))
    }
    try expectWorks(driver)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a running queue is reset alone and enabled anew, elsewhere`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let queues = try driver.start()
    for index in queues.indices {
      driver.write(UInt64(index), to: .queueSelect)
      driver.write(1, to: .queueReset)
      try driver.wait { driver.read(.queueReset) == 0 }
      #expect(driver.read(.queueEnable) == 0)
      #expect(driver.read(.queueSize) == UInt64(driver.core.device.queueSizes[index]))
      #expect(driver.read(.queueDescriptors) == 0)
      _ = try driver.setUp(queue: index, size: 4)
      #expect(driver.read(.queueEnable) == 1)
    }
    #expect(driver.status == [.acknowledge, .driver, .featuresOK, .driverOK])
  }

  @Test(arguments: DeviceUnderTest.all)
  func `without RING_RESET no queue is reset or comes late`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    try driver.negotiate([.version1])
    driver.set(.driverOK)
    _ = try driver.setUp(queue: 0)
    #expect(driver.read(.queueEnable) == 0)
    _ = try driver.start([.version1])
    driver.write(0, to: .queueSelect)
    driver.write(1, to: .queueReset)
    #expect(driver.read(.queueReset) == 0)
    #expect(driver.read(.queueEnable) == 1)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a queue outside memory, misaligned or of a bad size asks for a reset`(
    device: DeviceUnderTest
  ) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let good = try RingLayout(size: 4, in: driver.arena)
    var bad: [RingLayout] = []
    for address: UInt64 in [0xFFFF_FFFF_FFFF_FFF0, 4 << 20, (4 << 20) - 16] {
      bad.append(good)
      bad[bad.count - 1].descriptorTable = address
    }
    bad += [good, good, good, good, good]
    bad[3].descriptorTable += 8
    bad[4].availableRing += 1
    bad[5].usedRing += 2
    bad[6].size = 3
    bad[7].size = 0
    for layout in bad {
      try driver.negotiate()
      try driver.configure(queue: 0, layout)
      driver.set(.driverOK)
      try driver.wait { driver.status.contains(.needsReset) }
    }
    try expectWorks(driver)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `the configuration structure has an end, and any width within it`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    let size = driver.core.device.configurationSize
    #expect((driver.parts[4] != nil) == (size > 0))
    if let part = driver.parts[4] { #expect(part.size == UInt64(size)) }
    let base = UInt64(VirtioPCI.Region.device.lowerBound)
    let bytes = (0..<size).map { driver.function.readMemory(at: base + UInt64($0), width: 1) & 0xFF }
    for width in 1...8 {
      for offset in 0..<size + 9 {
        let value = driver.function.readMemory(at: base + UInt64(offset), width: width)
        if offset + width <= size {
          for byte in 0..<width {
            #expect(value >> (8 * UInt64(byte)) & 0xFF == bytes[offset + byte], "\(offset), \(width)")
          }
        } else {
          #expect(value == .max, "\(offset), \(width)")
          driver.function.writeMemory(.max, at: base + UInt64(offset), width: width)
        }
      }
    }
  }

  @Test(arguments: DeviceUnderTest.all)
  func `notifications before the driver is ready wait or vanish, and harm nothing`(
    device: DeviceUnderTest
  ) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    for index in 0..<Int(driver.read(.queueCount)) { driver.notify(index) }
    try driver.negotiate()
    for index in 0..<Int(driver.read(.queueCount)) { driver.notify(index) }
    #expect(driver.status == [.acknowledge, .driver, .featuresOK])
    try expectWorks(driver)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `what is no register reads as ones, and writing it changes nothing`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    try driver.negotiate()
    let known = Set(PCIDriver.Register.allCases.map { [$0.rawValue, $0.width] })
    let before = registers(driver)
    for offset in 0..<0x48 {
      for width in 1...8 where !known.contains([offset, width]) {
        // 64-bit fields may be accessed by halves.
        if width == 4, offset % 4 == 0, (0x20..<0x38).contains(offset) { continue }
        let value = driver.function.readMemory(at: UInt64(offset), width: width)
        #expect(value == .max, "\(offset), \(width)")
        driver.function.writeMemory(0, at: UInt64(offset), width: width)
        driver.function.writeMemory(.max, at: UInt64(offset), width: width)
      }
    }
    for offset in [UInt64(0x6000), 0x7000, 0x7FF8, 0x8000, 1 << 40, .max] {
      driver.function.writeMemory(.max, at: offset, width: 8)
      if offset >= 0x7000 { #expect(driver.function.readMemory(at: offset, width: 4) == .max) }
    }
    #expect(registers(driver) == before)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `what was saved and restored is the same, and goes on`(device: DeviceUnderTest) throws {
    let arena = try GuestArena()
    let old = try device.driver(arena: arena)
    _ = try old.start()
    old.write(1, to: .deviceFeatureSelect)
    old.write(0, to: .configurationVector)
    old.function.writeConfiguration(0xC000_8000, at: 0x10, width: 4)
    try old.core.pause()
    let state = old.function.state
    let own = OwnState(ifAny: old.core.device)
    old.function.shutDown()

    let new = try device.driver(arena: arena)
    defer { new.function.shutDown() }
    try own?.restore(to: new.core.device)
    try new.function.restore(state)
    #expect(registers(new) == registers(old))
    try new.core.pause()
    #expect(new.function.state == state)
    #expect(try own?.isState(of: new.core.device) ?? true)
    new.core.resume()
    #expect(new.doorbells.addresses == new.expectedDoorbells(at: 0xC000_8000))
    try new.reset()
    try expectWorks(new)
  }

  @Test(arguments: DeviceUnderTest.all)
  func `a state that no device could be in is refused`(device: DeviceUnderTest) throws {
    let driver = try device.driver()
    defer { driver.function.shutDown() }
    _ = try driver.start()
    try driver.core.pause()
    let good = driver.function.state
    var bad = Array(repeating: good, count: 8)
    bad[0].core.status.remove(.featuresOK)
    bad[1].core.status.insert(DeviceStatus(rawValue: 0x20))
    bad[2].core.driverFeatures.remove(.version1)
    bad[3].core.driverFeatures.insert(VirtioFeatures(bit: 63))
    bad[4].core.queues.removeLast()
    bad[5].core.configurationVector = 0x7FF
    bad[6].messages.pending = []
    bad[7].core.queues[0] = QueueConfiguration(maximumSize: 1)
    for state in bad {
      let other = try device.driver(arena: driver.arena)
      #expect(throws: InvalidState.self) { try other.function.restore(state) }
      other.function.shutDown()
    }
  }
}

/// What a device keeps beside its queues, whatever that is.
private struct OwnState {
  private let restore: (any VirtioDevice) throws -> Void
  private let isState: (any VirtioDevice) throws -> Bool

  init?(ifAny device: any VirtioDevice) {
    guard let device = device as? any StatefulDevice else { return nil }
    self.init(of: device)
  }

  private init<Device: StatefulDevice>(of device: Device) {
    let state = device.state
    restore = { try #require($0 as? Device).restore(state) }
    isState = { try #require($0 as? Device).state == state }
  }

  func restore(to device: any VirtioDevice) throws { try restore(device) }
  func isState(of device: any VirtioDevice) throws -> Bool { try isState(device) }
}

extension PCIDriver {
  var core: TransportCore { function.core }

  /// Waits until the device has done whatever it was about to do.
  func settle() throws {
    try core.pause()
    core.resume()
  }

  fileprivate func expectedDoorbells(at base: UInt64) -> [GuestAddress] {
    let notify = parts[2]?.offset ?? 0
    return (0..<read(.queueCount)).map { GuestAddress(base + notify + $0 * notifyMultiplier) }
  }
}
