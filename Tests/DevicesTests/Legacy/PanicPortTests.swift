import Devices
import Testing

@Suite("Panic port") struct PanicPortTests {
  private let power: PowerControl
  private let port: PanicPort

  init() throws {
    power = try PowerControl()
    port = PanicPort(power: power)
  }

  @Test func `it understands panics, and those that a crash kernel takes over`() {
    #expect(port.read(at: 0, width: 1) == 0b11)
  }

  @Test(arguments: [0b1, 0b11, 0xFF] as [UInt64])
  func `a panic ends the run`(events: UInt64) {
    port.write(events, at: 0, width: 1)
    #expect(power.pending == .panic)
  }

  @Test(arguments: [0, 0b10, 0b100, 0x100] as [UInt64])
  func `nothing else does`(events: UInt64) {
    port.write(events, at: 0, width: 1)
    port.write(1, at: 1, width: 1)
    #expect(power.pending == nil)
  }
}
