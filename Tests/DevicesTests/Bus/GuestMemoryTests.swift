import Testing

@testable import Devices

@Suite("Guest memory")
struct GuestMemoryTests {
  /// Two runs of RAM with a hole between.
  private let memory: GuestMemory

  init() throws {
    memory = try GuestMemory([
      GuestRange(base: 0, size: 0x2000), GuestRange(base: 0x1_0000, size: 0x1000),
    ])
  }

  @Test func `memory begins as zeros and keeps values at any alignment`() throws {
    #expect(memory.size == 0x3000)
    #expect(try memory.read(UInt64.self, at: 0x1FF8) == 0)
    try memory.write(0x1122_3344_5566_7788 as UInt64, at: 0x0FFD)
    #expect(try memory.read(UInt64.self, at: 0x0FFD) == 0x1122_3344_5566_7788)
    #expect(try memory.readBytes(8, at: 0x0FFD) == [0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11])
  }

  @Test(arguments: [0x1000, 0x1F_F000, 0x20_0000, 0x40_1000] as [UInt64])
  func `memory begins where a huge page can, and is all there`(size: UInt64) throws {
    let memory = try GuestMemory([GuestRange(base: 0, size: size)])
    #expect(UInt(bitPattern: unsafe memory.regions[0].hostBase) % 0x20_0000 == 0)
    try memory.write(0x5A as UInt8, at: GuestAddress(size - 1))
    #expect(try memory.read(UInt8.self, at: GuestAddress(size - 1)) == 0x5A)
  }

  @Test func `each region has memory of its own`() throws {
    try memory.write(bytes: [1, 2, 3], at: 0x1_0000)
    #expect(try memory.readBytes(3, at: 0x1_0000) == [1, 2, 3])
    #expect(try memory.readBytes(3, at: 0) == [0, 0, 0])
  }

  @Test(arguments: [0x1FFD, 0x2000, 0xFFFF, 0x1_0FFD, 0x1_1000, UInt64.max, UInt64.max - 2])
  func `four bytes that are not all in one region are out of memory`(address: UInt64) {
    let address = GuestAddress(address)
    let refusal = OutOfGuestMemory(address: address, size: 4)
    #expect(throws: refusal) { try memory.read(UInt32.self, at: address) }
    #expect(throws: refusal) { try memory.write(0 as UInt32, at: address) }
    #expect(throws: refusal) { try memory.write(bytes: [0, 0, 0, 0], at: address) }
    #expect(throws: refusal) { try memory.readBytes(4, at: address) }
  }

  @Test func `the last bytes of a region are in it`() throws {
    try memory.write(0xAABB_CCDD as UInt32, at: 0x1_0FFC)
    #expect(try memory.read(UInt32.self, at: 0x1_0FFC) == 0xAABB_CCDD)
  }

  @Test func `a negative count is refused`() {
    #expect(throws: OutOfGuestMemory(address: 0, size: 0)) { try memory.readBytes(-1, at: 0) }
  }

  @Test func `more memory than there are addresses is refused with the errno`() {
    #expect(throws: (any Error).self) {
      try GuestMemory([GuestRange(base: 0, size: 0x1000), GuestRange(base: 0x1000, size: 1 << 62)])
    }
  }
}
