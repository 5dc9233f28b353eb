import Devices
import TestSupport
import Testing

private struct Bench {
  let interrupt: InterruptLine
  let power: PowerControl
  let device: ACPIPower

  init() throws {
    interrupt = try InterruptLine()
    power = try PowerControl()
    device = ACPIPower(interrupt: interrupt, power: power)
  }

  func word(_ offset: UInt64) -> UInt64 { device.read(at: offset, width: 2) & 0xFFFF }
  func write(_ value: UInt64, to offset: UInt64) { device.write(value, at: offset, width: 2) }
}

@Suite("ACPI power management registers")
struct ACPIPowerTests {
  @Test func `after reset only SCI_EN is set, and it cannot be cleared`() throws {
    let bench = try Bench()
    #expect([0, 2, 4].map(bench.word) == [0, 0, 1])
    bench.write(0, to: 4)
    #expect(bench.word(4) == 1)
  }

  @Test func `the power button raises one interrupt when enabled, and a written 1 ends it`() throws {
    let bench = try Bench()
    bench.write(0x0100, to: 2)
    bench.device.pressPowerButton()
    #expect(bench.interrupt.takePulses() == 1)
    bench.device.pressPowerButton()
    #expect(bench.interrupt.takePulses() == 0)
    #expect(bench.word(0) == 0x0100)
    bench.write(0x0001, to: 0)
    #expect(bench.word(0) == 0x0100)
    bench.write(0x0100, to: 0)
    #expect(bench.word(0) == 0)
    bench.device.pressPowerButton()
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test func `a press before the event is enabled is not lost`() throws {
    let bench = try Bench()
    bench.device.pressPowerButton()
    #expect(bench.interrupt.takePulses() == 0)
    bench.write(0x0100, to: 2)
    #expect(bench.interrupt.takePulses() == 1)
  }

  @Test func `enable bits of fixed events stay, others do not`() throws {
    let bench = try Bench()
    bench.write(0xFFFF, to: 2)
    #expect(bench.word(2) == 0x0721)
  }

  @Test func `soft-off turns the machine off`() throws {
    let bench = try Bench()
    // As ACPICA does it: the type alone, then with SLP_EN.
    bench.write(5 << 10 | 1, to: 4)
    #expect(bench.power.pending == nil)
    #expect(bench.word(4) == 5 << 10 | 1)
    bench.write(5 << 10 | 1 << 13 | 1, to: 4)
    #expect(bench.power.pending == .powerOff)
    #expect(bench.word(4) == 5 << 10 | 1)
  }

  @Test(arguments: [0, 1, 2, 3, 4, 6, 7] as [UInt64])
  func `other sleep types are ignored`(type: UInt64) throws {
    let bench = try Bench()
    bench.write(type << 10 | 1 << 13, to: 4)
    #expect(bench.power.pending == nil)
  }

  @Test func `bytes and double words reach the same registers`() throws {
    let bench = try Bench()
    bench.device.write(0x01, at: 3, width: 1)
    #expect(bench.word(2) == 0x0100)
    bench.device.write(0x20, at: 2, width: 1)
    #expect(bench.word(2) == 0x0120)
    bench.device.pressPowerButton()
    #expect(bench.device.read(at: 0, width: 4) & 0xFFFF_FFFF == 0x0120_0100)
    #expect(bench.device.read(at: 1, width: 1) & 0xFF == 0x01)
    bench.device.write(0x0100_0100, at: 0, width: 4)
    #expect(bench.device.read(at: 0, width: 4) & 0xFFFF_FFFF == 0x0100_0000)
    bench.device.write(0x34, at: 5, width: 1)
    #expect(bench.power.pending == .powerOff)
  }

  @Test func `what is past a write's width is ignored`() throws {
    let bench = try Bench()
    bench.device.pressPowerButton()
    bench.device.write(0xFFFF_FFFF_FFFF_0000, at: 0, width: 1)
    #expect([0, 2, 4].map(bench.word) == [0x0100, 0, 1])
  }

  @Test func `a restored device raises a standing interrupt`() throws {
    let saved = try Bench()
    saved.write(0x0100, to: 2)
    saved.device.pressPowerButton()
    let bench = try Bench()
    try bench.device.restore(saved.device.state)
    #expect(bench.interrupt.takePulses() == 1)
    #expect([0, 2, 4].map(bench.word) == [0x0100, 0x0100, 1])
  }

  @Test func `a state out of range is refused`() throws {
    let bench = try Bench()
    let good = bench.device.state
    var state = good
    state.status = 1
    #expect(throws: InvalidState(device: "ACPIPower", field: "status")) { try bench.device.restore(state) }
    state = good
    state.enable = 0x0800
    #expect(throws: InvalidState(device: "ACPIPower", field: "enable")) { try bench.device.restore(state) }
    state = good
    state.control = 0x2000
    #expect(throws: InvalidState(device: "ACPIPower", field: "control")) { try bench.device.restore(state) }
  }
}
