import CLinux
import TestSupport
import Testing

@testable import Devices

/// What one wake-up of a worker does.
@Suite(
  "a turn of virtio-net", .serialized,
  .enabled(if: NetworkNamespace.isPossible, "\(NetworkNamespace.reason)"))
struct NetBatchTests {
  private let bed: TapBed
  private let arena: GuestArena
  private let driver: DriverQueue
  private let configuration: QueueConfiguration
  private static let features: VirtioFeatures = [.version1, .eventIndex, .netMergeableBuffers]

  init() throws {
    bed = try TapBed.make()
    arena = try GuestArena()
    let layout = try RingLayout(size: 256, in: arena)
    driver = try DriverQueue(layout, in: arena.memory, usesEventIndex: true)
    var configuration = QueueConfiguration(maximumSize: 256)
    configuration.descriptorTable = layout.descriptorTable
    configuration.availableRing = layout.availableRing
    configuration.usedRing = layout.usedRing
    self.configuration = configuration
  }

  private var tap: TapQueue { bed.tap.queues[0] }

  private func offerFrames(_ count: Int, size: Int = 100) throws {
    for seed in 0..<count {
      let frame = Frame.make(to: .broadcast, size: size, seed: seed)
      try driver.add([arena.readable([UInt8](repeating: 0, count: 12) + frame)])
    }
    try driver.publish()
  }

  @Test func `sends all that is there, and interrupts once`() throws {
    var queue = try TransmitQueue(configuration, Self.features, memory: arena.memory)
    try offerFrames(200)
    var signals = 0
    // The driver asked to hear of the first, and did not look since.
    #expect(try queue.move(to: tap) { _ in signals += 1 } == .drained)
    #expect(signals == 1)
    #expect(try driver.usedIndex == 200)
    for seed in 0..<200 { #expect(try bed.receive() == Frame.make(to: .broadcast, seed: seed)) }
  }

  @Test func `interrupts at the frame that the driver named, and not before`() throws {
    var queue = try TransmitQueue(configuration, Self.features, memory: arena.memory)
    try driver.setUsedEvent(149)
    var signals = 0
    try offerFrames(100)
    _ = try queue.move(to: tap) { _ in signals += 1 }
    #expect(signals == 0)
    try offerFrames(100)
    _ = try queue.move(to: tap) { _ in signals += 1 }
    #expect(signals == 1)
  }

  @Test func `tells at once of long frames, and of a few short ones when there is time`() throws {
    var queue = try TransmitQueue(configuration, Self.features, memory: arena.memory)
    var urgencies: [Bool] = []
    try offerFrames(3)
    _ = try queue.move(to: tap) { urgencies.append($0) }
    #expect(urgencies == [false])
    try driver.setUsedEvent(3)
    try offerFrames(20, size: 1500)
    _ = try queue.move(to: tap) { urgencies.append($0) }
    #expect(urgencies == [false, true])
  }

  @Test func `asks for no notification while it works, and for one at the end`() throws {
    var queue = try TransmitQueue(configuration, Self.features, memory: arena.memory)
    try offerFrames(100)
    _ = try queue.move(to: tap) { _ in
      // In the midst of the turn: what the driver adds now need not be told.
      do { #expect(try driver.availableEvent == 0) } catch { Issue.record(error) }
    }
    #expect(try driver.availableEvent == 100)
  }

  @Test func `receives all that is there, and interrupts once`() throws {
    let settings = NetSettings(Self.features, mac: Frame.guest)
    var queue = try ReceiveQueue(configuration, settings, mtu: 1500, memory: arena.memory)
    // What the host's stack sent when the interface came up is not ours to count.
    bed.tap.queues[0].drain()
    for _ in 0..<250 { try driver.add([arena.writable(1526)]) }
    try driver.publish()
    for seed in 0..<200 { try bed.send(Frame.make(seed: seed)) }
    var signals = 0
    guard case .drained = try queue.move(from: tap, signal: { signals += 1 }) else {
      Issue.record("something is left")
      return
    }
    #expect(signals == 1)
    #expect(try driver.usedIndex == 200)
  }
}
