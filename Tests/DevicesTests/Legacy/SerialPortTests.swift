import Devices
import Synchronization
import TestSupport
import Testing

/// A serial port with its surroundings, driven as a Linux guest drives it.
private struct Bench {
  let interrupt: InterruptLine
  let sink: RecordingSink
  let port: SerialPort

  init(room: Int = Int.max) throws {
    interrupt = try InterruptLine()
    sink = RecordingSink(room: room)
    port = try SerialPort(interrupt: interrupt, sink: sink)
    port.writeByte(0x03, at: 3)
    port.writeByte(0x81, at: 2)
    port.writeByte(0x0B, at: 4)
  }

  /// An interrupt handler's loop.
  func handleInterrupt() -> [UInt8] {
    var got: [UInt8] = []
    while port.readByte(at: 2) & 1 == 0 {
      while port.readByte(at: 5) & 1 != 0 { got.append(port.readByte(at: 0)) }
    }
    return got
  }
}

@Suite("Serial port")
struct SerialPortTests {
  @Test func `a byte written reaches the sink before the write returns`() throws {
    let bench = try Bench()
    for byte in "hello".utf8 { bench.port.writeByte(byte, at: 0) }
    #expect(bench.sink.bytes == Array("hello".utf8))
    #expect(bench.port.bytesOut.load(ordering: .relaxed) == 5)
    #expect(bench.port.readByte(at: 5) == 0x60)
  }

  @Test func `each rise of the chip's interrupt is one pulse`() throws {
    let bench = try Bench()
    #expect(bench.interrupt.takePulses() == 0)
    bench.port.writeByte(0x02, at: 1)
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.port.readByte(at: 2) == 0xC2)
    bench.port.writeByte(0x41, at: 0)
    bench.port.writeByte(0x42, at: 0)
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test func `a sink without room stops the transmitter, and its call starts it again`() throws {
    let bench = try Bench(room: 2)
    bench.port.writeByte(0x02, at: 1)
    _ = bench.port.readByte(at: 2)
    _ = bench.interrupt.takePulses()
    for byte in UInt8(1)...5 { bench.port.writeByte(byte, at: 0) }
    #expect(bench.sink.bytes == [1, 2])
    #expect(bench.port.readByte(at: 5) == 0x00)
    _ = bench.interrupt.takePulses()
    _ = bench.port.readByte(at: 2)

    bench.sink.setRoom(2)
    bench.port.transmitterReady()
    #expect(bench.sink.bytes == [1, 2, 3, 4])
    #expect(bench.port.readByte(at: 5) == 0x00)
    #expect(bench.interrupt.takePulses() == 0)

    bench.sink.setRoom(Int.max)
    bench.port.transmitterReady()
    #expect(bench.sink.bytes == [1, 2, 3, 4, 5])
    #expect(bench.port.readByte(at: 5) == 0x60)
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.port.bytesOut.load(ordering: .relaxed) == 5)
  }

  @Test func `input takes what fits and says when there is room`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x01, at: 1)
    let input = Array(UInt8(0)..<40)
    #expect(bench.port.receive(input.span) == 16)
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.port.receive(input.span) == 0)
    #expect(bench.port.receiveRoom.event.take() == 0)
    #expect(bench.port.readByte(at: 0) == 0)
    #expect(bench.port.receiveRoom.event.take() == 0)
    #expect(bench.handleInterrupt() == Array(1..<16))
    #expect(bench.port.receiveRoom.event.take() == 1)
    #expect(bench.port.bytesIn.load(ordering: .relaxed) == 16)
  }

  @Test func `room is not told of to a caller who lost nothing`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x01, at: 1)
    #expect(bench.port.receive([1, 2, 3].span) == 3)
    #expect(bench.handleInterrupt() == [1, 2, 3])
    #expect(bench.port.receiveRoom.event.take() == 0)
  }

  @Test func `input waits for a guest that listens, and comes when it does`() throws {
    let bench = try Bench()
    #expect(bench.port.receive([1, 2].span) == 0)
    #expect(bench.port.receiveRoom.event.take() == 0)
    _ = bench.port.readByte(at: 5)
    #expect(bench.port.receiveRoom.event.take() == 0)
    _ = bench.port.readByte(at: 5)
    #expect(bench.port.receiveRoom.event.take() == 1)
    #expect(bench.port.receive([1, 2].span) == 2)
    #expect(bench.port.readByte(at: 5) == 0x61)
    #expect(bench.port.readByte(at: 0) == 1)
  }

  @Test func `a paste of 100 KiB arrives whole`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x05, at: 1)
    var random = SeededRandom(seed: 7)
    let paste = (0..<102_400).map { _ in UInt8.random(in: 0...255, using: &random) }
    var got: [UInt8] = []
    var sent = 0
    while sent < paste.count {
      let taken = bench.port.receive(paste.span.extracting(sent..<paste.count))
      #expect(taken > 0)
      guard taken > 0 else { break }
      sent += taken
      #expect(bench.interrupt.takePulses() > 0)
      got += bench.handleInterrupt()
      #expect((bench.port.receiveRoom.event.take() > 0) == (sent < paste.count))
    }
    #expect(got == paste)
    #expect(bench.port.readByte(at: 5) == 0x60)
  }

  @Test func `a guest that drops RTS gets nothing until it raises it again`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x01, at: 1)
    bench.port.writeByte(0x09, at: 4)
    #expect(bench.port.receive([1, 2].span) == 0)
    #expect(!bench.port.receiveBreak())
    #expect(bench.port.receiveRoom.event.take() == 0)
    bench.port.writeByte(0x0B, at: 4)
    #expect(bench.port.receiveRoom.event.take() == 1)
    #expect(bench.port.receive([1, 2].span) == 2)
  }

  @Test func `leaving loopback lets input in again`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x01, at: 1)
    bench.port.writeByte(0x1B, at: 4)
    #expect(bench.port.receive([1].span) == 0)
    bench.port.writeByte(0x0B, at: 4)
    #expect(bench.port.receiveRoom.event.take() == 1)
  }

  @Test func `a break interrupts as line status`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x05, at: 1)
    #expect(bench.port.receiveBreak())
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.port.readByte(at: 2) == 0xC6)
    #expect(bench.port.readByte(at: 5) == 0xF1)
    #expect(bench.port.readByte(at: 0) == 0)
  }

  @Test func `of bytes that several vCPUs write at a time none is lost`() async throws {
    let bench = try Bench()
    let port = bench.port
    await withTaskGroup(of: Void.self) { group in
      for vcpu in UInt8(0)..<4 {
        group.addTask {
          for _ in 0..<1000 { port.writeByte(vcpu, at: 0) }
        }
      }
    }
    #expect(port.bytesOut.load(ordering: .relaxed) == 4000)
    for vcpu in UInt8(0)..<4 { #expect(bench.sink.bytes.count { $0 == vcpu } == 1000) }
  }

  @Test func `a peer that leaves is a modem status interrupt`() throws {
    let bench = try Bench()
    bench.port.writeByte(0x08, at: 1)
    bench.port.setConnected(false)
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.port.readByte(at: 6) == 0x0B)
  }

  @Test func `a restored port goes on sending, interrupting and taking input`() throws {
    let saved = try Bench(room: 0)
    saved.port.writeByte(0x03, at: 1)
    saved.port.writeByte(0x41, at: 0)
    #expect(saved.port.receive([9].span) == 1)

    let bench = try Bench()
    try bench.port.restore(saved.port.state)
    #expect(bench.sink.bytes == [0x41])
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.handleInterrupt() == [9])
    #expect(bench.port.receiveRoom.event.take() == 1)
  }

  @Test func `a state that makes no sense leaves the port as it was`() throws {
    let bench = try Bench()
    let before = bench.port.state
    var state = before
    state.triggerLevel = 3
    #expect(throws: InvalidState(device: "UART16550", field: "triggerLevel")) {
      try bench.port.restore(state)
    }
    #expect(bench.port.state == before)
  }
}
