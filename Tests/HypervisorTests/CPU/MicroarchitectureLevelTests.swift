import Testing

@testable import Hypervisor

@Suite("x86-64 micro-architecture levels")
struct MicroarchitectureLevelTests {
  private static let level2 = [
    CPUIDEntry(leaf: 1, ecx: bits([0, 9, 13, 19, 20, 23])), CPUIDEntry(leaf: 0x8000_0001, ecx: bits([0])),
  ]
  private static let level3 = [
    CPUIDEntry(leaf: 1, ecx: bits([0, 9, 13, 19, 20, 23, 12, 22, 26, 28, 29])),
    CPUIDEntry(leaf: 7, ebx: bits([3, 5, 8])), CPUIDEntry(leaf: 0x8000_0001, ecx: bits([0, 5])),
  ]

  private static func bits(_ numbers: [UInt32]) -> UInt32 {
    numbers.reduce(0) { $0 | 1 << $1 }
  }

  @Test func `a CPU that tells nothing is of level 1`() {
    #expect(MicroarchitectureLevel([]) == .v1)
  }

  @Test func `each level asks for its features`() {
    #expect(MicroarchitectureLevel(Self.level2) == .v2)
    #expect(MicroarchitectureLevel(Self.level3) == .v3)
    var level4 = Self.level3
    level4[1].ebx |= Self.bits([16, 17, 28, 30, 31])
    #expect(MicroarchitectureLevel(level4) == .v4)
  }

  @Test(arguments: [0, 9, 13, 19, 20, 23] as [UInt32])
  func `one missing bit of level 2 makes it level 1`(bit: UInt32) {
    var entries = Self.level3
    entries[0].ecx &= ~(1 << bit)
    #expect(MicroarchitectureLevel(entries) == .v1)
  }

  @Test(arguments: [12, 22, 26, 28, 29] as [UInt32])
  func `one missing bit of level 3 makes it level 2`(bit: UInt32) {
    var entries = Self.level3
    entries[0].ecx &= ~(1 << bit)
    #expect(MicroarchitectureLevel(entries) == .v2)
  }

  @Test func `another sub-leaf of the same leaf does not count`() {
    var entries = Self.level3
    entries[1].subleaf = 1
    #expect(MicroarchitectureLevel(entries) == .v2)
  }
}
