import TestSupport
import Testing

@testable import Devices

/// Drivers that send a network card any command.
@Suite(.enabled(if: NetworkNamespace.isPossible, "\(NetworkNamespace.reason)"))
struct NetControlFuzzTests {
  @Test func `a command that is refused changes nothing, and no other leaves an impossible state`() throws {
    let run = FuzzRun(seed: 4)
    let kind = try #require(DeviceUnderTest.all.first { $0.name == "net" })
    let driver = try kind.driver()
    defer { driver.function.shutDown() }
    let device = try #require(driver.function.core.device as? NetDevice)
    let other = try #require(try kind.make(IOThread(name: "other")) as? NetDevice)
    let layouts = try (0..<5).map { _ in try RingLayout(size: 16, in: driver.arena) }
    try run.repeated(rounds: 10) { random, seed in
      // Not all features: their commands are to be refused.
      let wanted = driver.offeredFeatures.rawValue & (random.next() | random.next())
      try driver.negotiate(VirtioFeatures(rawValue: wanted).union([.version1, .netControlQueue]))
      driver.enableMessages()
      let features = driver.driverFeatures
      let index = features.contains(.netMultiqueue) ? 4 : 2
      for (index, layout) in layouts.enumerated() {
        // In the round before it may have been the control queue's, whose chains a receiver would not understand.
        try driver.arena.memory.write(UInt32(0), at: GuestAddress(layout.availableRing))
        try driver.configure(queue: index, layout)
      }
      let queue = try DriverQueue(
        layouts[index], in: driver.arena.memory, usesEventIndex: features.contains(.eventIndex))
      driver.set(.driverOK)
      var fuzzer = CommandFuzzer(random: random)
      for step in 0..<200 {
        let place = "seed \(seed), step \(step)"
        let scratch = GuestArena(driver.arena.memory, in: GuestRange(base: 0x20_0000, size: 0x10_0000))
        let bytes = fuzzer.command()
        let answer = try scratch.writable(UInt32(fuzzer.answerLength()))
        let buffers = fuzzer.split(try scratch.readable(bytes)) + (answer.size > 0 ? [answer] : [])
        guard !buffers.isEmpty else { continue }
        let before = device.state
        try queue.add(buffers)
        try driver.kick(queue, index)
        let used = try driver.waitForUsed(queue, index)
        #expect(used.written == min(answer.size, 1), "\(place)")
        let state = device.state
        if answer.size > 0, try scratch.bytes(of: answer)[0] != 0 {
          #expect(state == before, "\(place): \(bytes.prefix(24)) was refused")
        }
        #expect(throws: Never.self, "\(place): \(bytes.prefix(24))") { try other.restore(state) }
      }
      #expect(!driver.status.contains(.needsReset), "seed \(seed)")
      random = fuzzer.random
    }
  }
}

/// Commands that are nearly right (virtio 1.2 section 5.1.6.5).
private struct CommandFuzzer {
  var random: SeededRandom

  mutating func command() -> [UInt8] {
    let kind =
      [0, 1, 1, 2, 4, 5, UInt8.random(in: 0...255, using: &random)].randomElement(using: &random) ?? 0
    let number = isRare() ? UInt8.random(in: 0...255, using: &random) : .random(in: 0...5, using: &random)
    var bytes = [kind, kind == 0 || isRare() ? number : number & 1]
    switch (bytes[0], bytes[1]) {
    case (0, _): bytes.append(isRare() ? 2 : UInt8.random(in: 0...1, using: &random))
    case (1, 0): bytes += table() + table()
    case (1, 1): bytes += address()
    case (2, _): bytes += some(2, mask: isRare() ? 0xFFFF : 0xFFF)
    case (4, _): bytes += some(2, mask: isRare() ? 0xFFFF : 3)
    case (5, _): bytes += some(8, mask: isRare() ? .max : VirtioFeatures.netGuestOffloads.rawValue)
    default: bytes += some(4, mask: .max)
    }
    if isRare() { bytes.removeLast(Int.random(in: 1...bytes.count, using: &random)) }
    if isRare() { bytes.append(UInt8.random(in: 0...255, using: &random)) }
    return bytes
  }

  mutating func answerLength() -> Int { isRare() ? Int.random(in: 0...20, using: &random) : 1 }

  mutating func split(_ buffer: DriverBuffer) -> [DriverBuffer] {
    guard buffer.size > 0 else { return [] }
    return buffer.split(at: [UInt32.random(in: 0...buffer.size, using: &random), 1, 2])
  }

  private mutating func isRare() -> Bool { UInt8.random(in: 0..<10, using: &random) == 0 }

  private mutating func table() -> [UInt8] {
    let count = isRare() ? Int.random(in: 60...300, using: &random) : Int.random(in: 0...4, using: &random)
    let told = isRare() ? random.next() & 0xFFFF_FFFF : UInt64(count)
    return (0..<4).map { UInt8(truncatingIfNeeded: told >> (8 * $0)) }
      + (0..<count).flatMap { _ in address() }
  }

  private mutating func address() -> [UInt8] {
    var bytes = some(6, mask: .max)
    if !isRare() { bytes[0] &= 0xFE }
    return isRare() ? Array(repeating: 0, count: 6) : bytes
  }

  private mutating func some(_ count: Int, mask: UInt64) -> [UInt8] {
    let value = random.next() & mask
    return (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
  }
}
