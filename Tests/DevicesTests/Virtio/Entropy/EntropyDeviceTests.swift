import TestSupport
import Testing

@testable import Devices

@Suite("virtio-rng")
struct EntropyDeviceTests {
  private let thread: IOThread
  private let driver: PCIDriver

  init() throws {
    thread = try IOThread(name: "entropy")
    driver = try PCIDriver(EntropyDevice(thread: thread), arena: GuestArena())
  }

  @Test(arguments: [false, true])
  func `each buffer of any framing gets random bytes`(isIndirect: Bool) throws {
    defer { driver.function.shutDown() }
    let queue = try driver.start()[0]
    let buffer = try driver.arena.writable(256)
    let table = isIndirect ? try driver.arena.take(64) : nil
    let head = try #require(try queue.add(buffer.split(at: [1, 17]), indirectTable: table))
    try driver.kick(queue, 0)
    #expect(try driver.waitForUsed(queue, 0) == .init(head: UInt32(head), written: 256))
    // 256 random bytes are not all the same, but once in 2^2040 runs.
    #expect(Set(try driver.arena.bytes(of: buffer)).count > 1)
    #expect(queue.outstanding.isEmpty)
  }

  @Test func `a buffer to read is answered with nothing written`() throws {
    defer { driver.function.shutDown() }
    let queue = try driver.start()[0]
    let buffer = try driver.arena.readable([1, 2, 3])
    let head = try #require(try queue.add([buffer]))
    try driver.kick(queue, 0)
    #expect(try driver.waitForUsed(queue, 0) == .init(head: UInt32(head), written: 0))
    #expect(try driver.arena.bytes(of: buffer) == [1, 2, 3])
  }

  @Test(arguments: MalformedChain.allCases)
  func `a malformed chain makes it ask for a reset, after which it works again`(
    chain: MalformedChain
  ) throws {
    defer { driver.function.shutDown() }
    let broken = try driver.start(size: 8)[0]
    try broken.offer(chain, in: driver.arena)
    driver.notify(0)
    try driver.wait { driver.status.contains(.needsReset) }
    let queue = try driver.start()[0]
    try queue.add([driver.arena.writable(8)])
    try driver.kick(queue, 0)
    #expect(try driver.waitForUsed(queue, 0).written == 8)
  }
}
