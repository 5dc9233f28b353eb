import TestSupport
import Testing

@testable import Devices

@Suite struct VirtQueueTests {
  /// Both ends of a queue.
  private struct Ends: ~Copyable {
    let arena: GuestArena
    let driver: DriverQueue
    var device: VirtQueue

    init(_ size: UInt16, _ features: VirtioFeatures, startingAt start: UInt16 = 0) throws {
      let arena = try GuestArena()
      let layout = try RingLayout(size: size, in: arena)
      let driver = try DriverQueue(
        layout, in: arena.memory, usesEventIndex: features.contains(.eventIndex), startingAt: start)
      var configuration = QueueConfiguration(layout)
      configuration.start = start
      device = try VirtQueue(configuration, features: features, memory: arena.memory)
      self.arena = arena
      self.driver = driver
    }
  }

  struct Setting: Sendable {
    let size: UInt16
    let features: VirtioFeatures
    let start: UInt16
  }

  static let settings: [Setting] = [1, 2, 8, 256, 1024].flatMap { size in
    [VirtioFeatures.common, [.version1], [.version1, .eventIndex], [.version1, .indirectDescriptors]]
      .map { Setting(size: size, features: $0, start: UInt16.max - 2 * min(size, 100)) }
  }

  /// A chain as the driver made it, and the chains in the order in which each side sees them.
  private struct Model {
    struct Chain {
      let head: UInt16
      let readable: [UInt8]
      let writable: Int
    }
    var added: [Chain] = []
    var published: [Chain] = []
    var taken: [Chain] = []
    var pushed: [DriverQueue.Used] = []
    var used: [DriverQueue.Used] = []
  }

  @Test(arguments: settings)
  func `whatever both sides do, chains arrive whole and in order`(setting: Setting) throws {
    var ends = try Ends(setting.size, setting.features, startingAt: setting.start)
    var random = SeededRandom(seed: UInt64(setting.size) + setting.features.rawValue)
    var model = Model()
    var segments = SegmentList(capacity: Int(setting.size))
    // A pool of the same memory, over and over.
    let base = try ends.arena.take(1 << 16)
    let table = try ends.arena.take(16 * 8 * UInt64(setting.size))
    for step in 0..<3000 {
      switch UInt8.random(in: 0..<6, using: &random) {
      case 0, 1:
        let isIndirect = setting.features.contains(.indirectDescriptors) && Bool.random(using: &random)
        let most = isIndirect ? min(8, Int(setting.size)) : min(8, ends.driver.freeCount)
        guard most > 0 else { continue }
        let count = Int.random(in: 1...most, using: &random)
        let readable = Int.random(in: 0...count, using: &random)
        var bytes: [UInt8] = []
        var writable = 0
        var buffers: [DriverBuffer] = []
        for index in 0..<count {
          let size = UInt32.random(in: 0...64, using: &random)
          let address = base + UInt64.random(in: 0..<(1 << 16) - 64, using: &random)
          buffers.append(DriverBuffer(address: address, size: size, isWritable: index >= readable))
          if index < readable {
            bytes += try ends.arena.memory.readBytes(Int(size), at: GuestAddress(address))
          } else {
            writable += Int(size)
          }
        }
        // The table of a free head is free.
        let place = isIndirect ? table + UInt64(128 * (step % Int(setting.size))) : nil
        if isIndirect, ends.driver.outstanding.count > 0 { continue }
        if let head = try ends.driver.add(buffers, indirectTable: place) {
          model.added.append(.init(head: head, readable: bytes, writable: writable))
        }
      case 2:
        try ends.driver.publish()
        model.published += model.added
        model.added = []
      case 3:
        let head = try ends.device.pop(into: &segments)
        let expected = model.published.isEmpty ? nil : model.published.removeFirst()
        #expect(head == expected?.head)
        guard let expected else { continue }
        #expect(segments.writableBytes == UInt64(expected.writable))
        #expect(try read(segments, count: expected.readable.count + 10) == expected.readable)
        model.taken.append(expected)
      case 4:
        guard let index = model.taken.indices.randomElement(using: &random) else { continue }
        let chain = model.taken.remove(at: index)
        ends.device.push(chain.head, written: UInt32(chain.writable))
        model.pushed.append(.init(head: UInt32(chain.head), written: UInt32(chain.writable)))
      default:
        _ = ends.device.publish()
        model.used += model.pushed
        model.pushed = []
        while let used = try ends.driver.takeUsed() {
          let expected = model.used.isEmpty ? nil : model.used.removeFirst()
          #expect(used == expected)
        }
        #expect(model.used.isEmpty)
      }
    }
    // The indices ran past 65535 and on.
    #expect(ends.device.nextUsed < setting.start)
  }

  private func read(_ segments: borrowing SegmentList, count: Int) throws -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    // The array is as long as the buffer says.
    let copied = unsafe bytes.withUnsafeMutableBytes { unsafe segments.copyOut(from: 0, into: $0) }
    return Array(bytes[..<copied])
  }

  // MARK: Faults

  @Test(arguments: MalformedChain.allCases, [UInt16(2), 8, 1024])
  func `a malformed chain is its fault`(chain: MalformedChain, size: UInt16) throws {
    var ends = try Ends(size, .common)
    let fault = try ends.driver.offer(chain, in: ends.arena)
    var segments = SegmentList(capacity: Int(size))
    var found: QueueFault?
    do throws(QueueFault) {
      _ = try ends.device.pop(into: &segments)
    } catch {
      found = error
    }
    #expect(found == fault)
  }

  @Test func `an indirect table that was not negotiated is a fault`() throws {
    var ends = try Ends(4, [.version1])
    try ends.driver.add([ends.arena.readable([1])], indirectTable: ends.arena.take(16))
    try ends.driver.publish()
    var segments = SegmentList(capacity: 4)
    var found: QueueFault?
    do throws(QueueFault) {
      _ = try ends.device.pop(into: &segments)
    } catch {
      found = error
    }
    #expect(found == .badIndirectTable)
  }

  @Test func `a chain as long as the queue is none`() throws {
    var ends = try Ends(8, .common)
    let buffer = try ends.arena.writable(8)
    try ends.driver.add(buffer.split(at: [1, 2, 3, 4, 5, 6, 7]))
    try ends.driver.publish()
    var segments = SegmentList(capacity: 8)
    let head = try ends.device.pop(into: &segments)
    #expect(head != nil)
    #expect(segments.writableCount == 8)
  }

  // MARK: Notifications

  /// Section 2.7.10 in words: the step from `old` to `new` passes the index `event`.
  private func passes(_ event: UInt16, from old: UInt16, to new: UInt16) -> Bool {
    var index = old
    while index != new {
      if index == event { return true }
      index &+= 1
    }
    return false
  }

  @Test func `with an event index, the driver is notified when its index is passed`() throws {
    var ends = try Ends(256, [.version1, .eventIndex], startingAt: 65_400)
    var random = SeededRandom(seed: 3)
    for _ in 0..<2000 {
      let old = ends.device.nextUsed
      let event = old &+ UInt16(truncatingIfNeeded: Int.random(in: -300...300, using: &random))
      try ends.driver.setUsedEvent(event)
      for _ in 0..<Int.random(in: 0...256, using: &random) { ends.device.push(0, written: 0) }
      let expected = passes(event, from: old, to: ends.device.nextUsed)
      let answer1 = ends.device.publish()
      #expect(answer1 == expected)
    }
  }

  @Test func `without one, the driver is notified unless its flag says no`() throws {
    var ends = try Ends(4, [.version1])
    let answer2 = ends.device.publish()
    #expect(!answer2)
    ends.device.push(0, written: 0)
    let answer3 = ends.device.publish()
    #expect(answer3)
    try ends.driver.setAvailableFlags(1)
    ends.device.push(0, written: 0)
    let answer4 = ends.device.publish()
    #expect(!answer4)
    try ends.driver.setAvailableFlags(0)
    let answer5 = ends.device.publish()
    #expect(!answer5)
  }

  @Test(arguments: [VirtioFeatures.common, [.version1]])
  func `the driver notifies when asked to, and not otherwise`(features: VirtioFeatures) throws {
    var ends = try Ends(8, features, startingAt: 65_530)
    var segments = SegmentList(capacity: 8)
    let buffer = try ends.arena.writable(1)
    for _ in 0..<20 {
      let answer6 = ends.device.enableNotifications()
      #expect(!answer6)
      try ends.driver.add([buffer])
      #expect(try ends.driver.publish())
      // What came before the asking is told by the asking.
      let answer7 = ends.device.enableNotifications()
      #expect(answer7)
      ends.device.disableNotifications()
      let next = try ends.device.pop(into: &segments)
      let head = try #require(next)
      ends.device.push(head, written: 1)
      try ends.driver.add([buffer])
      if !features.contains(.eventIndex) { #expect(try !ends.driver.publish()) }
      try ends.driver.publish()
      let nextButOne = try ends.device.pop(into: &segments)
      let second = try #require(nextButOne)
      ends.device.push(second, written: 1)
      _ = ends.device.publish()
      while try ends.driver.takeUsed() != nil {}
    }
  }
}
