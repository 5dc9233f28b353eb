import Testing

@testable import Devices

@Suite struct ConfigurationPortsTests {
  private let power: PowerControl
  private let ports: ConfigurationPorts

  init() throws {
    power = try PowerControl()
    ports = ConfigurationPorts(
      try HostBridge(functions: [
        try .at(1, 0): writableFunction(seed: 3), try .at(1, 1): writableFunction(seed: 90),
      ]), power: power)
  }

  /// CONFIG_ADDRESS for a register of bus 0.
  private func select(device: UInt64, function: UInt64 = 0, register: UInt64) {
    ports.write(1 << 31 | device << 11 | function << 8 | register, at: 0, width: 4)
  }

  // MARK: CONFIG_DATA

  @Test(arguments: 0...3, 1...8)
  func `a read inside the data register is the bytes there, any other is not the bridge's`(
    offset: Int, width: Int
  ) {
    for register in stride(from: 0, to: 256, by: 4) {
      for (function, seed) in [(0, 3), (1, 90)] as [(UInt64, UInt8)] {
        select(device: 1, function: function, register: UInt64(register))
        let value = low(width, of: ports.read(at: UInt64(4 + offset), width: width))
        let bytes = (0..<width).map { patternByte(seed, register + offset + $0) }
        #expect(value == (offset + width <= 4 ? number(bytes) : low(width, of: .max)))
      }
    }
  }

  @Test(arguments: 0...3, 1...8)
  func `a write inside the data register changes the bytes there, any other none`(
    offset: Int, width: Int
  ) {
    let written: UInt64 = 0xF7E6_D5C4_B3A2_9180
    select(device: 1, register: 0x40)
    ports.write(written, at: UInt64(4 + offset), width: width)
    for register in stride(from: 0x38, through: 0x48, by: 4) {
      select(device: 1, register: UInt64(register))
      for byte in 0..<4 {
        let reached = register == 0x40 && offset + width <= 4 && (offset..<offset + width).contains(byte)
        let expected =
          reached
          ? UInt8(truncatingIfNeeded: written >> UInt64(8 * (byte - offset)))
          : patternByte(3, register + byte)
        #expect(low(1, of: ports.read(at: UInt64(4 + byte), width: 1)) == UInt64(expected))
      }
    }
  }

  @Test func `both windows show the same registers`() throws {
    let bridge = try HostBridge(functions: [try .at(5): writableFunction(seed: 9)])
    let ports = ConfigurationPorts(bridge, power: power)
    let ecam = ECAMWindow(bridge)
    ports.write(1 << 31 | 5 << 11 | 0x40, at: 0, width: 4)
    ports.write(0x1234_5678, at: 4, width: 4)
    #expect(low(4, of: ecam.read(at: 5 << 15 | 0x40, width: 4)) == 0x1234_5678)
  }

  @Test(
    arguments: [
      (0, 2, 0), (0, 0, 1), (0, 1, 2), (0, 31, 7), (1, 0, 0), (1, 1, 0), (255, 31, 7),
    ] as [(UInt64, UInt64, UInt64)])
  func `absent functions and other buses read as ones`(bus: UInt64, device: UInt64, function: UInt64) {
    ports.write(1 << 31 | bus << 16 | device << 11 | function << 8, at: 0, width: 4)
    ports.write(0, at: 4, width: 4)
    #expect(low(4, of: ports.read(at: 4, width: 4)) == 0xFFFF_FFFF)
  }

  @Test func `without the enable bit the data register is not there`() {
    ports.write(1 << 11, at: 0, width: 4)
    ports.write(0, at: 4, width: 4)
    #expect(low(4, of: ports.read(at: 4, width: 4)) == 0xFFFF_FFFF)
    select(device: 1, register: 0)
    let bytes = (0..<4).map { patternByte(3, $0) }
    #expect(low(4, of: ports.read(at: 4, width: 4)) == number(bytes))
  }

  // MARK: CONFIG_ADDRESS

  @Test func `the address reads back without its reserved bits`() {
    ports.write(.max, at: 0, width: 4)
    #expect(low(4, of: ports.read(at: 0, width: 4)) == 0x80FF_FFFC)
  }

  @Test func `an access narrower or wider than a doubleword misses the address`() {
    select(device: 1, register: 0x40)
    for offset in UInt64(0)..<4 {
      for width in 1...8 where (offset, width) != (0, 4) {
        ports.write(0, at: offset, width: width)
        #expect(low(4, of: ports.read(at: 0, width: 4)) == 0x8000_0840)
        if (offset, width) != (1, 1) {
          #expect(low(width, of: ports.read(at: offset, width: width)) == low(width, of: .max))
        }
      }
    }
  }

  @Test func `Linux recognises configuration mechanism 1`() throws {
    var builder = AddressSpaceBuilder()
    try builder.map(ports, name: "PCI", base: 0xCF8, size: 8)
    let space = builder.seal()
    space.write(1, to: 0xCFB, width: 1)
    space.write(0x8000_0000, to: 0xCF8, width: 4)
    #expect(low(4, of: space.read(0xCF8, width: 4)) == 0x8000_0000)
    #expect(low(2, of: space.read(0xCFC, width: 2)) == 0x1B36)
    space.write(0x8000_0008, to: 0xCF8, width: 4)
    #expect(low(2, of: space.read(0xCFE, width: 2)) == 0x0600)
  }

  // MARK: Reset control

  @Test(arguments: [0x06, 0x0E, 0x04, 0xFF] as [UInt64])
  func `a write with the CPU reset bit asks for a reset`(value: UInt64) {
    ports.write(value, at: 1, width: 1)
    #expect(power.pending == .reset)
    #expect(power.event.take() == 1)
  }

  @Test(arguments: [0x00, 0x02, 0x08, 0x0A, 0xF1, 0xFB] as [UInt64])
  func `a write without the CPU reset bit is only kept`(value: UInt64) {
    ports.write(value, at: 1, width: 1)
    #expect(power.pending == nil)
    #expect(low(1, of: ports.read(at: 1, width: 1)) == value & 0x0E)
  }

  @Test func `a wider access misses the reset control register`() {
    for (offset, width) in [(1, 2), (1, 4), (0, 4), (0, 2)] as [(UInt64, Int)] {
      ports.write(.max, at: offset, width: width)
    }
    #expect(power.pending == nil)
    #expect(low(1, of: ports.read(at: 1, width: 1)) == 0)
  }

  // MARK: State

  @Test func `a state brings both registers back and no reserved bit`() throws {
    select(device: 1, register: 0x40)
    ports.write(0x02, at: 1, width: 1)
    var state = ports.state
    let restored = ConfigurationPorts(try HostBridge(), power: power)
    restored.restore(state)
    #expect(low(4, of: restored.read(at: 0, width: 4)) == 0x8000_0840)
    #expect(low(1, of: restored.read(at: 1, width: 1)) == 0x02)

    state.address = .max
    state.resetControl = .max
    restored.restore(state)
    #expect(low(4, of: restored.read(at: 0, width: 4)) == 0x80FF_FFFC)
    #expect(low(1, of: restored.read(at: 1, width: 1)) == 0x0E)
    #expect(power.pending == nil)
  }
}
