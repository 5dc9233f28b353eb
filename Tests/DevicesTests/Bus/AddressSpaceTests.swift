import Synchronization
import TestSupport
import Testing

@testable import Devices

/// A device that remembers its accesses and answers reads with its own number.
private final class Witness: BusDevice {
  struct Access: Hashable {
    var offset: UInt64
    var width: Int
    var value: UInt64?
  }

  let answer: UInt64
  private let log = Mutex<[Access]>([])

  init(_ answer: UInt64) {
    self.answer = answer
  }

  var accesses: [Access] { log.withLock { $0 } }

  func read(at offset: UInt64, width: Int) -> UInt64 {
    log.withLock { $0.append(Access(offset: offset, width: width, value: nil)) }
    return answer
  }

  func write(_ value: UInt64, at offset: UInt64, width: Int) {
    log.withLock { $0.append(Access(offset: offset, width: width, value: value)) }
  }
}

@Suite("Address space")
struct AddressSpaceTests {
  @Test func `an access reaches the device of its window, with the offset from the base`() throws {
    let low = Witness(1)
    let high = Witness(2)
    var builder = AddressSpaceBuilder()
    try builder.map(high, name: "high", base: 0x3F8, size: 8)
    try builder.map(low, name: "low", base: 0x60, size: 1)
    let space = builder.seal()

    #expect(space.read(0x60, width: 1) == 1)
    #expect(space.read(0x3FF, width: 1) == 2)
    space.write(0xAB, to: 0x3F9, width: 2)
    #expect(low.accesses == [.init(offset: 0, width: 1, value: nil)])
    #expect(
      high.accesses == [.init(offset: 7, width: 1, value: nil), .init(offset: 1, width: 2, value: 0xAB)])
    #expect(space.unclaimed.load(ordering: .relaxed) == 0)
  }

  @Test func `what nobody claims reads as all ones, vanishes, and is counted`() throws {
    let device = Witness(0)
    var builder = AddressSpaceBuilder()
    try builder.map(device, name: "device", base: 0x100, size: 4)
    let space = builder.seal()
    for address in [0, 0xFF, 0x104, UInt64.max] {
      #expect(space.read(address, width: 1) == UInt64.max)
      space.write(0, to: address, width: 1)
    }
    #expect(space.unclaimed.load(ordering: .relaxed) == 8)
    #expect(device.accesses == [])
  }

  @Test func `an access that reaches over a window's edge is nobody's`() throws {
    let device = Witness(0)
    var builder = AddressSpaceBuilder()
    try builder.map(device, name: "device", base: 0x100, size: 4)
    let space = builder.seal()
    #expect(space.read(0xFF, width: 2) == UInt64.max)
    #expect(space.read(0x103, width: 2) == UInt64.max)
    #expect(space.read(0x100, width: 8) == UInt64.max)
    #expect(space.read(0x100, width: 4) == 0)
    #expect(device.accesses.count == 1)
  }

  @Test func `an empty space answers like a bus without devices`() {
    let space = AddressSpaceBuilder().seal()
    #expect(space.read(0, width: 1) == UInt64.max)
    #expect(space.windows.isEmpty)
  }

  @Test func `a window at the very end of the space is reached`() throws {
    let device = Witness(9)
    var builder = AddressSpaceBuilder()
    try builder.map(device, name: "last", base: UInt64.max - 3, size: 4)
    let space = builder.seal()
    #expect(space.read(UInt64.max, width: 1) == 9)
    #expect(space.read(UInt64.max, width: 2) == UInt64.max)
    #expect(space.read(UInt64.max - 3, width: 4) == 9)
  }

  @Test func `windows that overlap are refused by name, neighbours are not`() throws {
    var builder = AddressSpaceBuilder()
    try builder.map(Witness(0), name: "first", base: 0x10, size: 0x10)
    for (base, size) in [(0x10, 0x10), (0x0F, 2), (0x1F, 1), (0x00, 0x100), (0x18, 1)] as [(UInt64, UInt64)] {
      #expect(throws: AddressConflict(device: "second", other: "first")) {
        try builder.map(Witness(0), name: "second", base: base, size: size)
      }
    }
    try builder.map(Witness(0), name: "below", base: 0x0F, size: 1)
    try builder.map(Witness(0), name: "above", base: 0x20, size: 1)
    let space = builder.seal()
    #expect(space.windows.map(\.name) == ["below", "first", "above"])
  }

  @Test func `of many windows each address finds its own`() throws {
    var random = SeededRandom(seed: 3)
    var builder = AddressSpaceBuilder()
    let bases = (0..<100 as Range<UInt64>).map { $0 * 16 }.shuffled(using: &random)
    for base in bases { try builder.map(Witness(base), name: "\(base)", base: base, size: 8) }
    let space = builder.seal()
    for address in 0..<1616 as Range<UInt64> {
      let expected = address % 16 < 8 && address < 1600 ? address / 16 * 16 : UInt64.max
      #expect(space.read(address, width: 1) == expected)
    }
  }

  @Test func `a space keeps its devices alive and lets them go`() throws {
    weak var device: Witness?
    var space: AddressSpace?
    do {
      let witness = Witness(5)
      device = witness
      var builder = AddressSpaceBuilder()
      try builder.map(witness, name: "witness", base: 0, size: 1)
      space = builder.seal()
    }
    #expect(space?.read(0, width: 1) == 5)
    #expect(device != nil)
    space = nil
    #expect(device == nil)
  }
}

@Suite("Byte-wide bus devices")
struct ByteBusDeviceTests {
  /// Eight byte registers that keep what is written and note the order.
  private final class Bytes: ByteBusDevice {
    let written = Mutex<[UInt8]>([])

    func readByte(at offset: UInt64) -> UInt8 { 0x10 + UInt8(truncatingIfNeeded: offset) }

    func writeByte(_ value: UInt8, at offset: UInt64) {
      written.withLock { $0 += [UInt8(truncatingIfNeeded: offset), value] }
    }
  }

  @Test func `reads are put together little-endian`() {
    let device = Bytes()
    #expect(device.read(at: 0, width: 1) == 0x10)
    #expect(device.read(at: 1, width: 2) == 0x1211)
    #expect(device.read(at: 0, width: 4) == 0x1312_1110)
    #expect(device.read(at: 0, width: 8) == 0x1716_1514_1312_1110)
  }

  @Test func `writes are taken apart, lowest byte first`() {
    let device = Bytes()
    device.write(0xFF_4433_2211, at: 2, width: 4)
    let written = device.written.withLock { $0 }
    #expect(written == [2, 0x11, 3, 0x22, 4, 0x33, 5, 0x44])
  }
}
