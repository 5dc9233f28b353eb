import TestSupport
import Testing

@testable import Devices

/// Drivers that write nonsense to descriptors and rings while the device runs.
@Suite struct QueueFuzzTests {
  @Test(arguments: DeviceUnderTest.all)
  func `a device survives any descriptors and rings`(device: DeviceUnderTest) throws {
    let run = FuzzRun(seed: 2)
    let arena = try GuestArena()
    let layouts = try (0..<4).map { _ in try RingLayout(size: 32, in: arena) }
    let data = try arena.take(1 << 16)
    let driver = try device.driver(arena: arena)
    defer { driver.function.shutDown() }
    let count = Int(driver.read(.queueCount))
    try run.repeated(rounds: 60) { random, seed in
      try driver.negotiate(
        VirtioFeatures(rawValue: driver.offeredFeatures.rawValue & (random.next() | 1 << 32)))
      driver.enableMessages()
      var queues: [DriverQueue] = []
      for index in 0..<min(count, layouts.count) {
        try driver.configure(queue: index, layouts[index])
        queues.append(
          try DriverQueue(
            layouts[index], in: arena.memory,
            usesEventIndex: driver.driverFeatures.contains(.eventIndex)))
      }
      driver.set(.driverOK)
      var writer = RingWriter(random: random, data: data)
      for _ in 0..<60 {
        let index = Int.random(in: 0..<queues.count, using: &writer.random)
        try writer.scribble(on: queues[index])
        driver.notify(index)
      }
      random = writer.random
      // Alive: it comes to the end of a reset. That no byte outside RAM was touched, the address space
      // around RAM holds true: it is not mapped.
      try driver.reset()
      #expect(driver.status == [], "seed \(seed)")
    }
  }
}

/// Structured nonsense for a queue: chains that are nearly right.
struct RingWriter {
  var random: SeededRandom
  /// 64 KiB of RAM for buffers and indirect tables.
  let data: UInt64

  mutating func scribble(on queue: DriverQueue) throws {
    let size = queue.layout.size
    for _ in 0..<UInt8.random(in: 1...8, using: &random) {
      try queue.set(descriptor(size), at: UInt16.random(in: 0..<size, using: &random))
    }
    for _ in 0..<UInt8.random(in: 0...8, using: &random) {
      try queue.write(
        descriptor(64), at: data + 16 * UInt64.random(in: 0..<4096, using: &random))
    }
    for _ in 0..<UInt8.random(in: 1...6, using: &random) {
      let isWild = UInt8.random(in: 0..<20, using: &random) == 0
      try queue.offer(
        head: isWild
          ? UInt16.random(in: 0...UInt16.max, using: &random) : .random(in: 0..<size, using: &random))
    }
    switch UInt8.random(in: 0..<20, using: &random) {
    case 0: try queue.setAvailableIndex(UInt16.random(in: 0...UInt16.max, using: &random))
    case 1: try queue.setUsedEvent(UInt16.random(in: 0...UInt16.max, using: &random))
    case 2: try queue.setAvailableFlags(UInt16.random(in: 0...UInt16.max, using: &random))
    default: try queue.publish()
    }
  }

  private mutating func descriptor(_ entries: UInt16) -> RawDescriptor {
    let isWild = UInt8.random(in: 0..<16, using: &random) == 0
    let address = isWild ? random.next() : data + UInt64.random(in: 0..<(1 << 16) - 4096, using: &random)
    var length = UInt32.random(in: 0...4096, using: &random)
    if isWild { length = UInt32(truncatingIfNeeded: random.next()) }
    var flags: UInt16 = 0
    if Bool.random(using: &random) { flags |= RawDescriptor.next }
    if Bool.random(using: &random) { flags |= RawDescriptor.write }
    if UInt8.random(in: 0..<6, using: &random) == 0 {
      flags = RawDescriptor.indirect
      length = 16 * UInt32.random(in: 0...40, using: &random)
    }
    if isWild { flags = UInt16.random(in: 0...UInt16.max, using: &random) }
    return RawDescriptor(
      address: address, length: length, flags: flags,
      next: isWild
        ? UInt16.random(in: 0...UInt16.max, using: &random) : .random(in: 0..<entries, using: &random))
  }
}
