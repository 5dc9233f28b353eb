import Testing

@testable import Hypervisor

@Suite("CPUID as a guest sees it")
struct CPUIDTests {
  /// What a host might support: every leaf that is adapted, all bits set.
  private static let host: [CPUIDEntry] = [0x1, 0x4, 0x7, 0xB, 0x1F, 0x8000_0008, 0x8000_001D, 0x8000_001E]
    .map {
      CPUIDEntry(leaf: $0, eax: .max, ebx: .max, ecx: .max, edx: .max)
    }

  private func entry(_ leaf: UInt32, of count: UInt32, id: UInt32, subleaf: UInt32 = 0) throws -> CPUIDEntry {
    let entries = CPUID(count: count, hasTSCDeadline: true).entries(from: Self.host, id: id)
    return try #require(entries.first { $0.leaf == leaf && $0.subleaf == subleaf })
  }

  @Test(
    arguments: [(1, 0), (2, 1), (3, 2), (4, 2), (5, 3), (255, 8), (256, 8), (257, 9)] as [(UInt32, UInt32)])
  func `APIC ids take as many bits as the highest needs`(count: UInt32, bits: UInt32) {
    #expect(CPUID(count: count, hasTSCDeadline: false).coreBits == bits)
  }

  @Test func `leaf 1 tells a vCPU its APIC id, the number of ids and that it is a guest`() throws {
    let leaf = try entry(0x1, of: 3, id: 2)
    #expect(leaf.ebx >> 24 == 2)
    #expect(leaf.ebx >> 16 & 0xFF == 4)
    #expect(leaf.edx >> 28 & 1 == 1)
    #expect(leaf.ecx >> 21 & 1 == 1)
    #expect(leaf.ecx >> 31 == 1)
  }

  @Test func `a single vCPU does not claim to share its package`() throws {
    #expect(try entry(0x1, of: 1, id: 0).edx >> 28 & 1 == 0)
  }

  @Test(arguments: [true, false])
  func `the timer's deadline mode is offered where the local APIC has it`(has: Bool) throws {
    let entries = CPUID(count: 1, hasTSCDeadline: has).entries(from: Self.host, id: 0)
    let leaf = try #require(entries.first { $0.leaf == 1 })
    #expect((leaf.ecx >> 24 & 1 == 1) == has)
  }

  @Test(arguments: [0xB, 0x1F] as [UInt32])
  func `the topology leaves number one thread a core and all cores of the package`(leaf: UInt32) throws {
    let threads = try entry(leaf, of: 6, id: 5)
    #expect([threads.eax, threads.ebx, threads.ecx, threads.edx] == [0, 1, 0x100, 5])
    let cores = try entry(leaf, of: 6, id: 5, subleaf: 1)
    #expect([cores.eax, cores.ebx, cores.ecx, cores.edx] == [3, 6, 0x201, 5])
    let end = try entry(leaf, of: 6, id: 5, subleaf: 2)
    #expect([end.eax, end.ebx, end.ecx, end.edx] == [0, 0, 2, 5])
  }

  @Test func `an id past 255 is whole in the topology leaf and capped in leaf 1`() throws {
    #expect(try entry(0xB, of: 300, id: 299).edx == 299)
    #expect(try entry(0x1, of: 300, id: 299).ebx >> 24 == 255)
  }

  @Test func `a leaf that the host lacks is not made up`() {
    let entries = CPUID(count: 2, hasTSCDeadline: true).entries(
      from: Self.host.filter { $0.leaf != 0x1F }, id: 0)
    #expect(!entries.contains { $0.leaf == 0x1F })
  }

  @Test func `first-level caches belong to a core, the third level to all`() throws {
    let level1 = CPUIDEntry(leaf: 0x4, subleaf: 0, isIndexed: true, eax: 1 << 5 | 1)
    let level3 = CPUIDEntry(leaf: 0x4, subleaf: 3, isIndexed: true, eax: 3 << 5 | 3)
    let entries = CPUID(count: 4, hasTSCDeadline: true).entries(from: [level1, level3], id: 0)
    #expect(entries.map { $0.eax >> 14 & 0xFFF } == [0, 3])
    #expect(entries.map { $0.eax >> 26 } == [3, 3])
  }

  @Test func `a leaf that has nothing to do with topology passes as the host gave it`() throws {
    #expect(try entry(0x7, of: 4, id: 1) == #require(Self.host.first { $0.leaf == 0x7 }))
  }
}
