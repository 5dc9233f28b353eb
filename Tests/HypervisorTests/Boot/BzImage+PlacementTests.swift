import Devices
import Testing

@testable import Hypervisor

struct BzImagePlacementTests {
  static func placement(_ builder: BzImageBuilder, mebibytes: UInt64) throws -> KernelPlacement {
    try BzImageTests.image(builder).placement(in: MemoryMap(mebibytes: mebibytes))
  }

  @Test(arguments: [64, 3072, 6144] as [UInt64])
  func `a relocatable kernel goes where it prefers`(mebibytes: UInt64) throws {
    let placement = try Self.placement(BzImageBuilder(), mebibytes: mebibytes)
    #expect(placement.entry == .linux64(entry: 0x100_0200))
    #expect(placement.range == GuestRange(base: 0x100_0000, size: 0x100_0000))
    #expect(
      placement.pieces == [
        .init(fileOffset: 0x400, fileSize: 0x1000, range: GuestRange(base: 0x100_0000, size: 0x1000))
      ])
  }

  @Test func `the 32-bit entry is the load address`() throws {
    let placement = try Self.placement(BzImageBuilder(extendedLoadFlags: 0), mebibytes: 64)
    #expect(placement.entry == .linux32(entry: 0x100_0000))
  }

  @Test func `a kernel that is not relocatable is loaded at 1 MiB and runs where it prefers`() throws {
    let placement = try Self.placement(BzImageBuilder(relocatable: 0), mebibytes: 64)
    #expect(placement.entry == .linux64(entry: 0x10_0200))
    #expect(placement.range == GuestRange(base: 0x10_0000, size: 0x1F0_0000))
  }

  @Test func `before protocol 2.10 a kernel runs from 1 MiB, aligned`() throws {
    let placement = try Self.placement(BzImageBuilder(version: 0x0209), mebibytes: 64)
    #expect(placement.entry == .linux32(entry: 0x10_0000))
    // Loaded at 1 MiB, unpacked from 2 MiB; nobody says how large it becomes.
    #expect(placement.range == GuestRange(base: 0x10_0000, size: 0x10_1000))
  }

  @Test func `a preferred address off the alignment is rounded up`() throws {
    let placement = try Self.placement(BzImageBuilder(preferredAddress: 0x110_0000), mebibytes: 64)
    #expect(placement.entry == .linux64(entry: 0x110_0200))
    #expect(placement.range == GuestRange(base: 0x110_0000, size: 0x110_0000))
  }

  @Test func `init_size fits to the byte or the memory is too small`() throws {
    let fits = try Self.placement(BzImageBuilder(initSize: 0x100_0000), mebibytes: 32)
    #expect(fits.range.last == 0x1FF_FFFF)
    let error = try thrown(KernelPlacementError.self) {
      try Self.placement(BzImageBuilder(initSize: 0x100_0001), mebibytes: 32)
    }
    #expect(error == .memoryTooSmall(needed: 33, available: 32))
    #expect(error?.description == "needs at least 33 MiB of memory to start, the machine has 32 MiB")
    #expect(error?.hint == "give it at least 33 MiB of memory")
    _ = try Self.placement(BzImageBuilder(initSize: 0x100_0001), mebibytes: 33)
  }

  @Test func `memory beyond 4 GiB does not help a kernel that fills the low part`() throws {
    let error = try thrown(KernelPlacementError.self) {
      try Self.placement(BzImageBuilder(initSize: 0xC000_0000), mebibytes: 6144)
    }
    #expect(error == .noRAM(GuestRange(base: 0x100_0000, size: 0xC000_0000)))
  }

  @Test func `the smallest machine has no memory for a kernel`() throws {
    let error = try thrown(KernelPlacementError.self) {
      try Self.placement(BzImageBuilder(), mebibytes: 1)
    }
    #expect(error == .memoryTooSmall(needed: 32, available: 1))
  }

  @Test func `a kernel that prefers the first MiB is refused`() throws {
    let error = try thrown(KernelPlacementError.self) {
      try Self.placement(BzImageBuilder(alignment: 0x1000, preferredAddress: 0x1000), mebibytes: 64)
    }
    #expect(error == .noRAM(GuestRange(base: 0x1000, size: 0x100_0000)))
  }

  @Test func `a preferred address at the end of the address space is refused`() throws {
    let error = try thrown(KernelPlacementError.self) {
      try Self.placement(BzImageBuilder(preferredAddress: .max), mebibytes: 64)
    }
    #expect(error == .outsideAddressSpace(address: .max, size: 0x100_0000))
  }
}
