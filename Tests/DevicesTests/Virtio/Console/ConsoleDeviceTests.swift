import TestSupport
import Testing

@testable import Devices

@Suite struct ConsoleDeviceTests {
  private let sink: ScriptedConsole
  private let device: ConsoleDevice
  private let driver: PCIDriver
  private let thread: IOThread

  init() throws {
    thread = try IOThread(name: "console")
    sink = try ScriptedConsole()
    device = try ConsoleDevice(thread: thread, sink: sink)
    driver = try PCIDriver(device, arena: GuestArena())
  }

  private func send(_ bytes: [UInt8]) -> Int { device.receive(bytes.span) }

  @Test(arguments: [VirtioFeatures.common, [.version1]])
  func `output of any framing arrives in order`(features: VirtioFeatures) throws {
    defer { driver.function.shutDown() }
    let queue = try driver.start(features)[1]
    var random = SeededRandom(seed: 7)
    var said: [UInt8] = []
    for _ in 0..<200 {
      let bytes = (0..<Int.random(in: 1...300, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      said += bytes
      let buffer = try driver.arena.readable(bytes)
      let cut = UInt32.random(in: 0...300, using: &random)
      let head = try #require(try queue.add(buffer.split(at: [cut, cut / 2])))
      try driver.kick(queue, 1)
      #expect(try driver.waitForUsed(queue, 1) == .init(head: UInt32(head), written: 0))
    }
    #expect(sink.bytes == said)
  }

  @Test func `a sink without room holds the driver's buffers up, and no byte is lost`() throws {
    defer { driver.function.shutDown() }
    let queue = try driver.start()[1]
    sink.setRoom(5)
    let said = (0..<100).map { UInt8($0) }
    for part in stride(from: 0, to: 100, by: 10) {
      try queue.add([driver.arena.readable(Array(said[part..<part + 10]))])
    }
    try driver.kick(queue, 1)
    var room = 5
    while room < 100 {
      try driver.wait { sink.bytes.count == room }
      #expect(queue.outstanding.count >= (100 - room) / 10)
      room += 19
      sink.setRoom(19)
      device.transmitterReady()
    }
    for _ in 0..<10 { _ = try driver.waitForUsed(queue, 1) }
    #expect(sink.bytes == said)
  }

  @Test func `input waits for buffers, and its sender for room`() throws {
    defer { driver.function.shutDown() }
    let typed = (0..<10_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    var sent = send(typed)
    // What is taken before there is a driver is kept for it.
    #expect(sent == 4096)
    let queue = try driver.start()[0]
    var got: [UInt8] = []
    while got.count < typed.count {
      let buffer = try driver.arena.writable(700)
      try queue.add(buffer.split(at: [1, 300]))
      try driver.kick(queue, 0)
      let used = try driver.waitForUsed(queue, 0)
      got += try driver.arena.bytes(of: buffer)[..<Int(used.written)]
      if sent < typed.count {
        try device.receiveRoom.event.wait()
        device.receiveRoom.event.take()
        sent += send(Array(typed[sent...]))
      }
    }
    #expect(got == typed)
  }

  @Test func `a buffer without room for input is given back empty`() throws {
    defer { driver.function.shutDown() }
    let queue = try driver.start()[0]
    let head = try #require(try queue.add([driver.arena.readable([1])]))
    #expect(send([65]) == 1)
    try driver.kick(queue, 0)
    #expect(try driver.waitForUsed(queue, 0) == .init(head: UInt32(head), written: 0))
    let buffer = try driver.arena.writable(8)
    try queue.add([buffer])
    try driver.kick(queue, 0)
    #expect(try driver.waitForUsed(queue, 0).written == 1)
    #expect(try driver.arena.bytes(of: buffer).first == 65)
  }

  @Test(arguments: [0, 1], MalformedChain.allCases)
  func `a malformed chain stops both queues until a reset`(index: Int, chain: MalformedChain) throws {
    defer { driver.function.shutDown() }
    let queues = try driver.start(size: 8)
    try queues[index].offer(chain, in: driver.arena)
    _ = send([1])
    driver.notify(index)
    try driver.wait { driver.status.contains(.needsReset) }
    let queue = try driver.start()[1]
    try queue.add([driver.arena.readable([2])])
    try driver.kick(queue, 1)
    _ = try driver.waitForUsed(queue, 1)
    #expect(sink.bytes.last == 2)
  }

  @Test func `what a stopped queue had begun is said when it starts again`() throws {
    defer { driver.function.shutDown() }
    let queue = try driver.start()[1]
    sink.setRoom(0)
    try queue.add([driver.arena.readable([1, 2, 3])])
    try driver.kick(queue, 1)
    try sink.offered.event.wait()
    try driver.core.pause()
    sink.setRoom(100)
    driver.core.resume()
    _ = try driver.waitForUsed(queue, 1)
    #expect(sink.bytes == [1, 2, 3])
  }
}
