import CLinux
import TestSupport
import Testing

@testable import Devices

/// Drivers that ask a disk for anything, in any framing: each answer is held against a model of the disk.
@Suite struct BlockFuzzTests {
  enum Way: CaseIterable { case threads, ring, readOnly }

  @Test(arguments: Way.allCases)
  func `every request ends as a model of the disk says`(way: Way) throws {
    // Where the host has no io_uring, the threads are tested twice.
    let usesRing = way == .ring && clinux_probe_io_uring() == 0
    let run = FuzzRun(seed: 3)
    try run.repeated(rounds: 8) { random, seed in
      let file = try TemporaryFile(size: DiskModel.capacity)
      let disk = try FileDisk(
        file.open(way == .readOnly ? O_RDONLY : O_RDWR), isReadOnly: way == .readOnly)
      let device = try BlockDevice(
        usesRing ? try RingDisk(disk) : disk, identity: "fuzz", threads: [try IOThread(name: "fuzz")],
        monitor: try DiskMonitor())
      let driver = try PCIDriver(device, arena: GuestArena())
      defer { driver.function.shutDown() }
      var fuzzer = BlockFuzzer(random, driver, file, isReadOnly: way == .readOnly)
      try fuzzer.start()
      for step in 0..<150 { try fuzzer.step("seed \(seed), step \(step)") }
      let expected = fuzzer.model.bytes
      #expect(try file.bytes(Int(DiskModel.capacity), at: 0) == expected, "seed \(seed)")
      #expect(!driver.status.contains(.needsReset), "seed \(seed)")
      random = fuzzer.random
    }
  }
}

/// Makes requests that are nearly right, and judges the answers.
private struct BlockFuzzer {
  var random: SeededRandom
  var model: DiskModel
  private let driver: PCIDriver
  private let file: TemporaryFile
  private var queue: DriverQueue?

  init(_ random: SeededRandom, _ driver: PCIDriver, _ file: TemporaryFile, isReadOnly: Bool) {
    self.random = random
    self.driver = driver
    self.file = file
    model = DiskModel(isReadOnly: isReadOnly)
  }

  mutating func start() throws {
    let size = UInt16(1) << UInt16.random(in: 3...6, using: &random)
    let features = VirtioFeatures(rawValue: driver.offeredFeatures.rawValue & random.next())
    queue = try driver.start(features.union([.version1, .indirectDescriptors]), size: size)[0]
  }

  mutating func step(_ place: String) throws {
    let queue = try #require(queue)
    let request = request()
    // The same part of memory for every request: what an earlier one left must not show.
    let scratch = GuestArena(driver.arena.memory, in: GuestRange(base: 0x20_0000, size: 0x10_0000))
    let mark: UInt8 = 0xEE
    let answer = try scratch.writable(request.answer)
    try driver.arena.memory.write(
      bytes: Array(repeating: mark, count: Int(request.answer)), at: GuestAddress(answer.address))
    let buffers =
      split(try scratch.readable(request.bytes)) + (request.answer > 0 ? split(answer) : [])
    let isIndirect = buffers.count > queue.freeCount || Bool.random(using: &random)
    let table = isIndirect ? try scratch.take(16 * UInt64(buffers.count)) : nil
    guard try queue.add(buffers, indirectTable: table) != nil else { return }
    try driver.kick(queue, 0)
    let used = try driver.waitForUsed(queue, 0)

    var got = try scratch.bytes(of: answer)
    #expect(used.written <= request.answer, "\(place)")
    guard let status = got.popLast() else { return }
    let expected = model.perform(request, dataLength: got.count)
    let isFine = expected != nil
    // What the file system under the disk cannot do is refused.
    let mayRefuse = request.type == 11 && status == 2
    #expect((status == 0) == isFine || mayRefuse, "\(place): \(request.summary) gave \(status)")
    #expect(status <= 2, "\(place)")
    if let data = expected, status == 0, !data.isEmpty {
      #expect(Array(got.prefix(data.count)) == data, "\(place): \(request.summary)")
    }
    if request.type == 11, isFine {
      // A discarded sector may have any bytes.
      model.bytes = try file.bytes(Int(DiskModel.capacity), at: 0)
    }
  }

  private mutating func split(_ buffer: DriverBuffer) -> [DriverBuffer] {
    guard buffer.size > 1, Bool.random(using: &random) else { return buffer.size > 0 ? [buffer] : [] }
    return buffer.split(
      at: (0..<Int.random(in: 1...3, using: &random)).map { _ in
        UInt32.random(in: 1..<buffer.size, using: &random)
      })
  }

  // MARK: Requests

  private mutating func request() -> DiskModel.Request {
    let type = [0, 0, 0, 1, 1, 1, 4, 8, 11, 13, 13, UInt32.random(in: 0...0xFFFF_FFFF, using: &random)]
      .randomElement(using: &random)
    var request = DiskModel.Request(type: type ?? 0, sector: sector(), payload: [], answer: 1)
    switch request.type {
    case 0: request.answer = length() + 1
    case 1: request.payload = bytes(Int(length()))
    case 8: request.answer = UInt32.random(in: 1...40, using: &random)
    case 11, 13:
      request.payload = littleEndian(sector()) + littleEndian(UInt32.random(in: 0...20, using: &random))
      request.payload += littleEndian(UInt32(isRare() ? 3 : request.type == 13 ? random.next() & 1 : 0))
    default: break
    }
    if isRare() { request.payload += bytes(Int.random(in: 1...16, using: &random)) }
    if isRare() { request.answer = UInt32.random(in: 0...2000, using: &random) }
    if isRare() { request.cut = Int.random(in: 0..<16, using: &random) }
    return request
  }

  private mutating func isRare() -> Bool { UInt8.random(in: 0..<12, using: &random) == 0 }

  private mutating func sector() -> UInt64 {
    switch UInt8.random(in: 0..<16, using: &random) {
    case 0: random.next()
    case 1: 1 << UInt64.random(in: 0..<64, using: &random)
    // 2^64 bytes, and what follows wraps to the disk's start.
    case 2: UInt64(1) << 55 &+ UInt64.random(in: 0..<4, using: &random)
    default: UInt64.random(in: 0...DiskModel.capacity / 512, using: &random)
    }
  }

  private mutating func length() -> UInt32 {
    isRare()
      ? UInt32.random(in: 0...5000, using: &random) : 512 * UInt32.random(in: 0...12, using: &random)
  }

  private mutating func bytes(_ count: Int) -> [UInt8] {
    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
  }

  private func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
    (0..<(value.bitWidth / 8)).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
