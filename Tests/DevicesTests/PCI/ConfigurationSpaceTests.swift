import Testing

@testable import Devices

@Suite struct ConfigurationSpaceTests {
  @Test func `registers are little-endian at every width and alignment`() {
    var space = ConfigurationSpace()
    for offset in 0..<16 { space.define(UInt8(0xA0 + offset), at: offset) }
    for offset in 0..<12 {
      for width in 1...4 {
        let expected = (0..<width).reduce(UInt32(0)) { $0 | UInt32(0xA0 + offset + $1) << UInt32(8 * $1) }
        #expect(space.read(at: offset, width: width) == expected)
      }
    }
    #expect(space.value(UInt64.self, at: 4) == 0xABAA_A9A8_A7A6_A5A4)
  }

  @Test func `a write changes each bit as it was defined`() {
    var random = SystemRandomNumberGenerator()
    for _ in 0..<200 {
      let (before, writable, clearable, written) = (
        UInt32.random(in: 0...(.max), using: &random), UInt32.random(in: 0...(.max), using: &random),
        UInt32.random(in: 0...(.max), using: &random), UInt32.random(in: 0...(.max), using: &random)
      )
      for offset in 0..<4 {
        for width in 1...(4 - offset) {
          var space = ConfigurationSpace()
          space.define(before, at: 0x40, writable: writable, clearedByOne: clearable & ~writable)
          space.write(written, at: 0x40 + offset, width: width)
          var expected: UInt32 = 0
          for bit in 0..<32 {
            let old = before >> bit & 1
            let reached = bit / 8 >= offset && bit / 8 < offset + width
            let new = reached ? written >> (bit - 8 * offset) & 1 : old
            let isWritable = writable >> bit & 1 == 1
            let isClearable = !isWritable && clearable >> bit & 1 == 1
            let value =
              if isWritable { new } else if isClearable && reached && new == 1 { UInt32(0) } else { old }
            expected |= value << bit
          }
          #expect(space.value(UInt32.self, at: 0x40) == expected)
        }
      }
    }
  }

  @Test func `the device's side changes what a guest cannot`() {
    var space = ConfigurationSpace()
    space.define(UInt16(1), at: 0x40)
    space.write(0xFFFF, at: 0x40, width: 2)
    #expect(space.value(UInt16.self, at: 0x40) == 1)
    space.set(UInt16(0xBEEF), at: 0x40)
    #expect(space.read(at: 0x40, width: 2) == 0xBEEF)
  }

  @Test(arguments: [-1, 4093, 4096, Int.max - 1, Int.max, Int.min])
  func `bytes outside read as ones and swallow writes`(offset: Int) {
    var space = ConfigurationSpace()
    space.define(UInt32(0), at: 4092, writable: .max)
    space.write(0x5555_5555, at: offset, width: 4)
    let read = space.read(at: offset, width: 4)
    let inside = (0..<4).filter { (0..<4096).contains(offset &+ $0) }
    let expected = (0..<4).reduce(UInt32(0)) { value, index in
      let byte: UInt32 = inside.contains(index) ? (offset == -1 ? 0 : 0x55) : 0xFF
      return value | byte << UInt32(8 * index)
    }
    #expect(read == expected)
  }

  @Test(arguments: [-1, 0, 5, 8, Int.max])
  func `an impossible width is at most four bytes`(width: Int) {
    var space = ConfigurationSpace()
    space.define(UInt64(0), at: 0, writable: .max)
    space.write(.max, at: 0, width: width)
    let count = max(0, min(width, 4))
    #expect(space.value(UInt64.self, at: 0) == (1 << (8 * count)) - 1)
    #expect(space.read(at: 0, width: width) == UInt32(truncatingIfNeeded: (1 << (8 * count)) - 1))
  }

  // MARK: Header

  @Test func `a header holds the identity at the offsets of the specification`() {
    let space = ConfigurationSpace(
      ConfigurationSpace.Identity(
        vendorID: 0x1AF4, deviceID: 0x1042, classCode: 0x01_8002, revisionID: 1,
        subsystemVendorID: 0x1234, subsystemID: 0x5678, interruptPin: .intB))
    #expect(space.read(at: 0x00, width: 4) == 0x1042_1AF4)
    #expect(space.read(at: 0x08, width: 4) == 0x0180_0201)
    #expect(space.read(at: 0x2C, width: 4) == 0x5678_1234)
    #expect(space.read(at: 0x3C, width: 2) == 0x0200)
    #expect(space.read(at: 0x0E, width: 1) == 0)
  }

  @Test func `a guest changes of a header the command, cache line and interrupt line only`() {
    var space = ConfigurationSpace(
      ConfigurationSpace.Identity(vendorID: 0x1AF4, deviceID: 0x1042, classCode: 0x01_8002))
    let before = (0..<16).map { space.read(at: 4 * $0, width: 4) }
    for register in 0..<16 { space.write(.max, at: 4 * register, width: 4) }
    var expected = before
    expected[1] = 0x0547
    expected[3] = 0xFF
    expected[15] = 0xFF
    #expect((0..<16).map { space.read(at: 4 * $0, width: 4) } == expected)
    #expect(space.command.isSuperset(of: [.busMaster, .memorySpace, .interruptDisable]))
  }

  @Test func `reported errors are acknowledged by writing ones`() {
    var space = ConfigurationSpace(
      ConfigurationSpace.Identity(vendorID: 0x1AF4, deviceID: 0x1042, classCode: 0x01_8002))
    space.set(UInt16(0xF910), at: ConfigurationSpace.Register.status)
    space.write(0x8010, at: ConfigurationSpace.Register.status, width: 2)
    #expect(space.value(UInt16.self, at: ConfigurationSpace.Register.status) == 0x7910)
  }

  // MARK: State

  @Test func `a state brings back what a guest wrote and nothing else`() throws {
    let identity = ConfigurationSpace.Identity(vendorID: 0x1AF4, deviceID: 0x1042, classCode: 0x01_8002)
    var saved = ConfigurationSpace(identity)
    saved.write(0x0006, at: 4, width: 2)
    saved.write(0x0B, at: 0x3C, width: 1)
    var state = saved.state
    var restored = ConfigurationSpace(identity)
    try restored.restore(state)
    #expect((0..<1024).allSatisfy { restored.read(at: 4 * $0, width: 4) == saved.read(at: 4 * $0, width: 4) })

    state.bytes = state.bytes.map { _ in 0xFF }
    try restored.restore(state)
    #expect(restored.read(at: 0, width: 4) == 0x1042_1AF4)
    #expect(restored.read(at: 4, width: 2) == 0x0547)
  }

  @Test func `a state of another function is refused`() {
    let other = ConfigurationSpace().state
    var space = ConfigurationSpace(
      ConfigurationSpace.Identity(vendorID: 0x1AF4, deviceID: 0x1042, classCode: 0x01_8002))
    #expect(throws: ConfigurationSpace.Mismatch()) { try space.restore(other) }
  }
}
