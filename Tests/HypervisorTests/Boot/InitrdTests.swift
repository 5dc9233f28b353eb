import Devices
import Testing

@testable import Hypervisor

struct InitrdTests {
  /// 16 MiB to 80 MiB.
  static let kernel = GuestRange(base: 0x100_0000, size: 64 * .mebibyte)

  static func place(
    _ size: UInt64, mebibytes: UInt64, addressMax: GuestAddress = 0x7FFF_FFFF, kernel: GuestRange = kernel
  ) throws -> GuestRange {
    try Initrd(
      size: size, addressMax: addressMax, memoryMap: MemoryMap(mebibytes: mebibytes),
      keepingClearOf: kernel
    ).range
  }

  @Test(
    arguments: [
      // The end of RAM.
      (256, 0x1000, 0x0FFF_F000),
      (256, 1, 0x0FFF_F000),
      (256, 0x1001, 0x0FFF_E000),
      // initrd_addr_max, below the end of RAM and with memory past 4 GiB too.
      (3072, 0x1000, 0x7FFF_F000),
      (6144, 0x1000, 0x7FFF_F000),
    ] as [(UInt64, UInt64, UInt64)])
  func `an initrd lies as high as allowed, at the start of a page`(
    mebibytes: UInt64, size: UInt64, start: UInt64
  ) throws {
    let range = try Self.place(size, mebibytes: mebibytes)
    #expect(range == GuestRange(base: GuestAddress(start), size: size))
  }

  @Test func `an initrd stays below the PCI hole whatever the kernel allows`() throws {
    for mebibytes in [3072, 6144] as [UInt64] {
      let range = try Self.place(0x1000, mebibytes: mebibytes, addressMax: 0xFFFF_FFFF)
      #expect(range.base == 0xBFFF_F000)
    }
  }

  @Test func `an address limit inside a page leaves that page out`() throws {
    let range = try Self.place(0x1000, mebibytes: 256, addressMax: 0x800_0FFE)
    #expect(range.base == 0x7FF_F000)
  }

  @Test func `an initrd goes below the kernel when it does not fit above`() throws {
    let range = try Self.place(8 * .mebibyte, mebibytes: 81)
    #expect(range.base == 0x80_0000)
  }

  @Test func `an initrd may fill the room above the kernel to the byte`() throws {
    let range = try Self.place(20 * .mebibyte, mebibytes: 100)
    #expect(range == GuestRange(base: 0x500_0000, size: 20 * .mebibyte))
    #expect(!range.overlaps(Self.kernel))
  }

  @Test func `an initrd one byte larger does not fit, and what would do is told`() throws {
    let error = try thrown(InitrdError.self) { try Self.place(20 * .mebibyte + 1, mebibytes: 100) }
    #expect(
      error == .doesNotFit(size: 20 * .mebibyte + 1, available: 20 * .mebibyte, neededMiB: 101))
    #expect(error?.description == "has 21 MiB, beside the kernel there is room for 20 MiB")
    #expect(error?.hint == "give the machine at least 101 MiB of memory")
    let range = try Self.place(20 * .mebibyte + 1, mebibytes: 101)
    #expect(range.base == 0x50F_F000)
  }

  @Test(arguments: [2048 * .mebibyte, .max] as [UInt64])
  func `an initrd that no memory can hold is told apart`(size: UInt64) throws {
    let error = try thrown(InitrdError.self) { try Self.place(size, mebibytes: 6144) }
    guard case .doesNotFit(_, let available, nil)? = error else {
      Issue.record("\(String(describing: error))")
      return
    }
    #expect(available == 0x8000_0000 - 0x500_0000)
    #expect(error?.hint == "make it smaller: this kernel takes none of that size, whatever the memory")
  }

  @Test func `a machine that the kernel fills has no room`() throws {
    let error = try thrown(InitrdError.self) {
      try Self.place(1, mebibytes: 32, kernel: GuestRange(base: 0x10_0000, size: 31 * .mebibyte))
    }
    #expect(error == .doesNotFit(size: 1, available: 0, neededMiB: 33))
  }

  @Test func `a kernel in the first MiB takes no room from the initrd`() throws {
    let range = try Self.place(
      63 * .mebibyte, mebibytes: 64, kernel: GuestRange(base: 0x3_0000, size: 0x1000))
    #expect(range.base == 0x10_0000)
  }

  @Test func `an address limit below 1 MiB leaves no room`() throws {
    let error = try thrown(InitrdError.self) { try Self.place(1, mebibytes: 256, addressMax: 0) }
    #expect(error == .doesNotFit(size: 1, available: 0, neededMiB: nil))
  }

  @Test func `an empty initrd is refused`() throws {
    let error = try thrown(InitrdError.self) { try Self.place(0, mebibytes: 256) }
    #expect(error == .empty)
    #expect(error?.description == "is empty")
    #expect(error?.hint == "leave it out, or make it again")
  }
}
