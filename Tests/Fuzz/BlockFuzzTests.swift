import CLinux
import TestSupport
import Testing

@testable import Devices

/// Drivers that ask a disk for anything, in any framing: each answer is held against a model of the disk.
@Suite struct BlockFuzzTests {
  @Test(arguments: FuzzedDisk.allCases)
  func `every request ends as a model of the disk says`(kind: FuzzedDisk) throws {
    let run = FuzzRun(seed: 3)
    try run.repeated(rounds: 4) { random, seed in
      let disk = try kind.make(threads: 1)
      defer { disk.driver.function.shutDown() }
      var fuzzer = BlockFuzzer(random, disk)
      try fuzzer.start()
      for step in 0..<150 { try fuzzer.step("seed \(seed), step \(step)") }
      let expected = fuzzer.model.bytes
      #expect(try disk.content == expected, "seed \(seed)")
      #expect(!disk.driver.status.contains(.needsReset), "seed \(seed)")
      random = fuzzer.random
    }
  }
}

/// Makes requests that are nearly right, one after the other, and judges the answers.
struct BlockFuzzer {
  var random: SeededRandom
  var model: DiskModel
  private let disk: FuzzedDisk.Made
  private var queue: DriverQueue?

  init(_ random: SeededRandom, _ disk: FuzzedDisk.Made) {
    self.random = random
    self.disk = disk
    model = DiskModel(isReadOnly: disk.kind == .readOnly)
  }

  mutating func start() throws {
    let size = UInt16(1) << UInt16.random(in: 3...6, using: &random)
    queue = try disk.driver.start(disk.kind.features(of: disk.driver, &random), size: size)[0]
  }

  mutating func step(_ place: String) throws {
    let queue = try #require(queue)
    var requests = BlockRequestFuzzer(random: random)
    defer { random = requests.random }
    let request = requests.request()
    let driver = disk.driver
    // The same part of memory for every request: what an earlier one left must not show.
    let scratch = GuestArena(driver.arena.memory, in: GuestRange(base: 0x20_0000, size: 0x10_0000))
    let mark: UInt8 = 0xEE
    let answer = try scratch.writable(request.answer)
    try driver.arena.memory.write(
      bytes: Array(repeating: mark, count: Int(request.answer)), at: GuestAddress(answer.address))
    let buffers =
      requests.split(try scratch.readable(request.bytes)) + (request.answer > 0 ? requests.split(answer) : [])
    let isIndirect = buffers.count > queue.freeCount || Bool.random(using: &requests.random)
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
      model.bytes = try disk.content
    }
  }
}
