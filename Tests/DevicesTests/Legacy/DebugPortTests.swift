import Testing

@testable import Devices

@Suite("Debug port") struct DebugPortTests {
  private func status(_ value: UInt64, at offset: UInt64 = 0, width: Int) throws -> UInt8? {
    let power = try PowerControl()
    DebugPort(power: power).write(value, at: offset, width: width)
    guard case .exit(let status)? = power.pending else { return nil }
    return status
  }

  @Test(arguments: [(0, 1), (1, 3), (0x10, 33), (0x7F, 255), (0x80, 1), (0xFF, 255)] as [(UInt64, UInt8)])
  func `a write of v ends with v twice and one`(value: UInt64, expected: UInt8) throws {
    for width in [1, 2, 4] { #expect(try status(value, width: width) == expected) }
  }

  @Test func `the status keeps the low 8 bits of a wide value`() throws {
    #expect(try status(0xFFFF_FF05, width: 4) == 11)
    #expect(try status(0x100, width: 2) == 1)
  }

  @Test func `every address of the window ends the machine, none outside`() throws {
    for offset in 0..<DebugPort.size { #expect(try status(2, at: offset, width: 1) == 5) }
    #expect(try status(2, at: DebugPort.size, width: 1) == nil)
  }

  @Test func `the first status stands, and reads ask for nothing`() throws {
    let power = try PowerControl()
    let port = DebugPort(power: power)
    #expect(port.read(at: 0, width: 4) == 0)
    #expect(power.pending == nil)
    port.write(3, at: 0, width: 1)
    port.write(4, at: 0, width: 1)
    power.ask(for: .reset)
    #expect(power.pending == .exit(status: 7))
    #expect(power.event.take() == 1)
  }
}
