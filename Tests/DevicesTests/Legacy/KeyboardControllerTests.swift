import Devices
import TestSupport
import Testing

/// A controller with its surroundings, driven through the ports.
private struct Bench {
  let interrupt: InterruptLine
  let power: PowerControl
  let controller: KeyboardController
  let data: KeyboardController.DataPort
  let command: KeyboardController.CommandPort

  init() throws {
    interrupt = try InterruptLine()
    power = try PowerControl()
    controller = KeyboardController(interrupt: interrupt, power: power)
    data = controller.dataPort
    command = controller.commandPort
  }

  var status: UInt8 { command.readByte(at: 0) }

  /// A command with its parameter and, where it has one, its answer.
  func send(_ code: UInt8, _ parameter: UInt8? = nil) -> UInt8? {
    command.writeByte(code, at: 0)
    if let parameter { data.writeByte(parameter, at: 0) }
    return status & 1 != 0 ? data.readByte(at: 0) : nil
  }
}

@Suite("Keyboard controller")
struct KeyboardControllerTests {
  @Test func `after reset nothing waits and the key lock is open`() throws {
    let bench = try Bench()
    #expect(bench.status == 0x14)
    #expect(bench.interrupt.takePulses() == 0)
  }

  @Test func `self test and keyboard interface test pass`() throws {
    let bench = try Bench()
    #expect(bench.send(0xAA) == 0x55)
    #expect(bench.send(0xAB) == 0x00)
    #expect(bench.status & 0x08 != 0)
  }

  @Test func `Linux' probe finds a stable command byte, sets it, and no second interface`() throws {
    let bench = try Bench()
    let initial = try #require(bench.send(0x20))
    #expect(bench.send(0x20) == initial)
    #expect(initial & 0x45 == 0x45)
    let quiet = initial & ~0x01 | 0x10
    #expect(bench.send(0x60, quiet) == nil)
    #expect(bench.send(0x20) == quiet)
    _ = bench.interrupt.takePulses()

    // The loop-back of the second interface answers, but not as the second interface.
    bench.command.writeByte(0xD3, at: 0)
    bench.data.writeByte(0x5A, at: 0)
    #expect(bench.status & 0x21 == 0x01)
    // Its test says that it does not work: 1 to 4 are a line that is stuck.
    let test = try #require(bench.send(0xA9))
    #expect(test != 0 && test != 0xFA && test != 0xFF)
    #expect(bench.status & 0x01 == 0)
    #expect(bench.interrupt.takePulses() == 0)
  }

  @Test func `a byte for the absent keyboard times out at once, with an interrupt`() throws {
    let bench = try Bench()
    #expect(bench.send(0x60, 0x45) == nil)
    bench.data.writeByte(0xF2, at: 0)
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.status & 0x61 == 0x41)
    #expect(bench.data.readByte(at: 0) == 0xFE)
    #expect(bench.status & 0x41 == 0)
  }

  @Test func `a byte for the absent mouse times out at once, without the keyboard's interrupt`() throws {
    let bench = try Bench()
    bench.command.writeByte(0xD4, at: 0)
    bench.data.writeByte(0xFF, at: 0)
    #expect(bench.status & 0x61 == 0x61)
    #expect(bench.data.readByte(at: 0) == 0xFE)
    #expect(bench.interrupt.takePulses() == 0)
  }

  @Test func `the interrupt follows the command byte's enable bit`() throws {
    let bench = try Bench()
    #expect(bench.send(0x60, 0x44) == nil)
    bench.data.writeByte(0xF2, at: 0)
    #expect(bench.interrupt.takePulses() == 0)
    bench.command.writeByte(0x60, at: 0)
    bench.data.writeByte(0x45, at: 0)
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test func `interfaces are switched by commands as in the command byte`() throws {
    let bench = try Bench()
    func bits(after command: UInt8) -> UInt8? {
      bench.command.writeByte(command, at: 0)
      return bench.send(0x20).map { $0 & 0x30 }
    }
    #expect(bits(after: 0xAD) == 0x30)
    #expect(bits(after: 0xAE) == 0x20)
    #expect(bits(after: 0xA8) == 0x00)
    #expect(bits(after: 0xA7) == 0x20)
  }

  @Test func `the output port has reset high and address line 20 on, whatever is written`() throws {
    let bench = try Bench()
    #expect(bench.send(0xD0) == 0x03)
    #expect(bench.send(0xD1, 0x01) == nil)
    #expect(bench.send(0xD0) == 0x03)
    #expect(bench.power.pending == nil)
  }

  @Test func `a byte can be put where the keyboard's would be`() throws {
    let bench = try Bench()
    #expect(bench.send(0xD2, 0x1C) == 0x1C)
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test(arguments: [0xF0, 0xFC, 0xFE] as [UInt8])
  func `a pulse on the reset line resets the machine`(command: UInt8) throws {
    let bench = try Bench()
    bench.command.writeByte(command, at: 0)
    #expect(bench.power.pending == .reset)
    #expect(bench.power.event.take() == 1)
  }

  @Test(arguments: [0xF1, 0xFD, 0xFF] as [UInt8])
  func `pulses on other lines do not`(command: UInt8) throws {
    let bench = try Bench()
    bench.command.writeByte(command, at: 0)
    #expect(bench.power.pending == nil)
  }

  @Test func `an output port with the reset line low resets the machine`() throws {
    let bench = try Bench()
    #expect(bench.send(0xD1, 0x02) == nil)
    #expect(bench.power.pending == .reset)
  }

  @Test func `a new command drops the parameter that another waits for`() throws {
    let bench = try Bench()
    bench.command.writeByte(0xD1, at: 0)
    #expect(bench.send(0xAA) == 0x55)
    bench.data.writeByte(0x00, at: 0)
    #expect(bench.power.pending == nil)
  }

  @Test func `unknown memory reads 0 and swallows its parameter`() throws {
    let bench = try Bench()
    #expect(bench.send(0x3F) == 0)
    #expect(bench.send(0x7F, 0xAA) == nil)
    #expect(bench.send(0x42) == nil)
  }

  @Test func `a restored controller goes on where it was, and raises a standing interrupt`() throws {
    let saved = try Bench()
    saved.data.writeByte(0xF2, at: 0)
    saved.command.writeByte(0xD1, at: 0)
    let bench = try Bench()
    try bench.controller.restore(saved.controller.state)
    #expect(bench.interrupt.takePulses() == 1)
    #expect(bench.status == saved.status)
    bench.data.writeByte(0x02, at: 0)
    #expect(bench.power.pending == .reset)
  }

  @Test func `a state out of range is refused`() throws {
    let bench = try Bench()
    var state = bench.controller.state
    state.commandByte = 0x80
    #expect(throws: InvalidState(device: "I8042", field: "commandByte")) {
      try bench.controller.restore(state)
    }
    state.commandByte = 0
    state.outputStatus = 0x02
    #expect(throws: InvalidState(device: "I8042", field: "outputStatus")) {
      try bench.controller.restore(state)
    }
  }
}
