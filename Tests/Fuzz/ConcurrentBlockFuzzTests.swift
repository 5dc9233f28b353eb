import CLinux
import Synchronization
import TestSupport
import Testing

@testable import Devices

/// Drivers that have many requests under way at once, and memory that changes under them.
@Suite struct ConcurrentBlockFuzzTests {
  /// What is held here, whatever runs beside it:
  /// - each request ends once, and tells no more bytes than it could write;
  /// - one that shares no sector with another that writes ends as if it were alone, though it may share a block;
  /// - at the end the file has what the model has.
  @Test(arguments: FuzzedDisk.allCases)
  func `requests that share no sector do not disturb each other`(kind: FuzzedDisk) throws {
    let run = FuzzRun(seed: 6)
    try run.repeated(rounds: 4) { random, seed in
      let disk = try kind.make(threads: 2)
      defer { disk.driver.function.shutDown() }
      var fuzzer = try ConcurrentFuzzer(random, disk)
      for step in 0..<300 { try fuzzer.step("seed \(seed), step \(step)") }
      try fuzzer.drain()
      let expected = fuzzer.model.bytes
      #expect(try disk.content == expected, "seed \(seed)")
      #expect(!disk.driver.status.contains(.needsReset), "seed \(seed)")
      random = fuzzer.requests.random
    }
  }

  /// With rings, headers and data that change at any moment nothing can be said of an answer. What is held here: the
  /// device comes to the end of each reset, the file keeps its size and, read-only, its bytes, and a driver whose memory
  /// stays as it is finds the disk as the file says.
  @Test(arguments: FuzzedDisk.allCases)
  func `a disk whose driver's memory changes meanwhile serves the next one`(kind: FuzzedDisk) throws {
    let run = FuzzRun(seed: 7)
    try run.repeated(rounds: 2) { random, seed in
      let disk = try kind.make(threads: 1)
      let driver = disk.driver
      defer { driver.function.shutDown() }
      let layout = try RingLayout(size: 32, in: driver.arena)
      let scribbler = try Scribbler(layout, driver.arena.memory, seed: random.next())
      for _ in 0..<30 {
        try driver.negotiate(kind.features(of: driver, &random))
        driver.enableMessages()
        try driver.configure(queue: 0, layout)
        let queue = try DriverQueue(
          layout, in: driver.arena.memory, usesEventIndex: driver.driverFeatures.contains(.eventIndex))
        driver.set(.driverOK)
        var requests = BlockRequestFuzzer(random: random)
        for _ in 0..<30 where !driver.status.contains(.needsReset) {
          let scratch = GuestArena(driver.arena.memory, in: Scribbler.data)
          let request = requests.request()
          let answer = try scratch.writable(request.answer)
          let buffers = try requests.split(scratch.readable(request.bytes)) + requests.split(answer)
          try queue.add(buffers)
          _ = try queue.publish()
          driver.notify(0)
          while try queue.takeUsed() != nil {}
        }
        random = requests.random
      }
      scribbler.stop()
      try driver.reset()

      #expect(throws: (any Error).self, "seed \(seed)") { try disk.file.bytes(1, at: DiskModel.capacity) }
      let content = try disk.content
      if kind == .readOnly { #expect(content.allSatisfy { $0 == 0 }, "seed \(seed)") }
      var fuzzer = BlockFuzzer(random, disk)
      fuzzer.model.bytes = content
      try fuzzer.start()
      for step in 0..<30 { try fuzzer.step("seed \(seed), step \(step) after") }
      let expected = fuzzer.model.bytes
      #expect(try disk.content == expected, "seed \(seed)")
      random = fuzzer.random
    }
  }
}

/// Gives requests to two queues before the earlier ones have ended.
private struct ConcurrentFuzzer {
  var requests: BlockRequestFuzzer
  /// The disk when all that is under way has ended.
  var model: DiskModel
  private let disk: FuzzedDisk.Made
  private let queues: [DriverQueue]
  private var pending: [Pending] = []
  /// Parts of memory that no request uses.
  private var parts: [GuestRange]

  private struct Pending {
    let place: String
    let queue: Int
    let head: UInt16
    let request: DiskModel.Request
    let part: GuestRange
    let answer: DriverBuffer
    /// As the model says; nil: to be refused.
    let expected: [UInt8]?
    let touched: Range<Int>?

    var changes: Bool { request.type != 0 }
  }

  init(_ random: SeededRandom, _ disk: FuzzedDisk.Made) throws {
    var random = random
    let driver = disk.driver
    self.disk = disk
    var features = disk.kind.features(of: driver, &random)
    features.insert(.blockMultiQueue)
    queues = try driver.start(features, size: 64)
    requests = BlockRequestFuzzer(random: random)
    model = DiskModel(isReadOnly: disk.kind == .readOnly)
    parts = (0..<32).map { GuestRange(base: GuestAddress(0x20_0000 + $0 << 16), size: 1 << 16) }
  }

  mutating func step(_ place: String) throws {
    let request = requests.request()
    let length = Int(request.answer) - 1
    let touched = model.place(of: request, dataLength: length)
    while isDisturbed(by: request, touched) || parts.isEmpty { try collectOne() }
    if Bool.random(using: &requests.random) { try collectEnded() }
    try submit(request, touched, place)
  }

  mutating func drain() throws {
    while !pending.isEmpty { try collectOne() }
  }

  private func isDisturbed(by request: DiskModel.Request, _ touched: Range<Int>?) -> Bool {
    guard let touched else { return false }
    return pending.contains { other in
      guard let theirs = other.touched, request.type != 0 || other.changes else { return false }
      return theirs.overlaps(touched)
    }
  }

  private mutating func submit(_ request: DiskModel.Request, _ touched: Range<Int>?, _ place: String) throws {
    guard let part = parts.popLast() else { return }
    let driver = disk.driver
    let scratch = GuestArena(driver.arena.memory, in: part)
    let answer = try scratch.writable(request.answer)
    let buffers = try requests.split(scratch.readable(request.bytes)) + requests.split(answer)
    let index = Int.random(in: 0..<queues.count, using: &requests.random)
    let table = try scratch.take(16 * UInt64(buffers.count))
    let isIndirect = Bool.random(using: &requests.random) || buffers.count > queues[index].freeCount
    guard !buffers.isEmpty, let head = try queues[index].add(buffers, indirectTable: isIndirect ? table : nil)
    else {
      parts.append(part)
      return
    }
    // Nothing else that is under way changes these sectors, so what they will be is known now.
    let expected = request.answer > 0 ? model.perform(request, dataLength: Int(request.answer) - 1) : nil
    pending.append(
      Pending(
        place: place, queue: index, head: head, request: request, part: part, answer: answer,
        expected: expected, touched: touched))
    try driver.kick(queues[index], index)
  }

  private mutating func collectOne() throws {
    guard let first = pending.first else { return }
    try take(try disk.driver.waitForUsed(queues[first.queue], first.queue), first.queue)
  }

  private mutating func collectEnded() throws {
    for (index, queue) in queues.enumerated() {
      while let used = try queue.takeUsed() { try take(used, index) }
    }
  }

  private mutating func take(_ used: DriverQueue.Used, _ queue: Int) throws {
    let place = pending.firstIndex { $0.queue == queue && UInt32($0.head) == used.head }
    let ended = pending.remove(at: try #require(place, "a chain that nobody gave came back"))
    parts.append(ended.part)
    #expect(used.written <= ended.request.answer, "\(ended.place)")
    var got = try disk.driver.arena.bytes(of: ended.answer)
    guard let status = got.popLast() else { return }
    let mayRefuse = ended.request.type == 11 && status == 2
    let told = "\(ended.place): \(ended.request.summary) gave \(status)"
    #expect((status == 0) == (ended.expected != nil) || mayRefuse, "\(told)")
    if let data = ended.expected, status == 0 { #expect(Array(got.prefix(data.count)) == data, "\(told)") }
    if ended.request.type == 11, let touched = ended.touched {
      // A discarded sector may have any bytes, and nobody has changed it since.
      model.bytes.replaceSubrange(touched, with: try disk.content[touched])
    }
  }
}

/// A thread that changes a driver's rings, headers and data, all the time.
private final class Scribbler: Sendable {
  /// Where the requests' headers, data and answers are.
  static let data = GuestRange(base: 0x20_0000, size: 0x1_0000)
  private let isStopping = Atomic<Bool>(false)
  private let hasEnded: Latch

  init(_ layout: RingLayout, _ memory: GuestMemory, seed: UInt64) throws {
    hasEnded = try Latch()
    try HostThread(name: "scribbler") { [self] in
      var random = SeededRandom(seed: seed)
      while !isStopping.load(ordering: .relaxed) {
        // All of the places are in RAM.
        try? Self.scribble(layout, memory, &random)
        sched_yield()
      }
      hasEnded.open()
    }.detach()
  }

  func stop() {
    isStopping.store(true, ordering: .relaxed)
    hasEnded.wait()
  }

  private static func scribble(_ layout: RingLayout, _ memory: GuestMemory, _ random: inout SeededRandom)
    throws
  {
    let entry = layout.descriptorTable + 16 * UInt64.random(in: 0..<UInt64(layout.size), using: &random)
    let place = data.base.value + UInt64.random(in: 0..<data.size - 4096, using: &random)
    // What the device cannot go on with is rare: it waits for its next reset then.
    guard random.next() & 0x3F == 0 else {
      switch UInt8.random(in: 0..<8, using: &random) {
      case 0: try memory.write(place, at: GuestAddress(entry))
      case 1: try memory.write(UInt32.random(in: 0..<4096, using: &random), at: GuestAddress(entry + 8))
      // A header: its type, or its sector.
      case 2: try memory.write(UInt32.random(in: 0..<14, using: &random), at: data.base)
      case 3:
        try memory.write(UInt64.random(in: 0..<70, using: &random), at: GuestAddress(data.base.value + 8))
      default: try memory.write(random.next(), at: GuestAddress(place))
      }
      return
    }
    switch UInt8.random(in: 0..<6, using: &random) {
    case 0: try memory.write(random.next(), at: GuestAddress(entry))
    case 1: try memory.write(UInt32.max, at: GuestAddress(entry + 8))
    case 2, 3: try memory.write(UInt16.random(in: 0..<4, using: &random), at: GuestAddress(entry + 12))
    case 4: try memory.write(UInt16.random(in: 0..<64, using: &random), at: GuestAddress(entry + 14))
    default:
      try memory.write(UInt16.random(in: 0..<64, using: &random), at: GuestAddress(layout.availableRing + 2))
    }
  }
}
