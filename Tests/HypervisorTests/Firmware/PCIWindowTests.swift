import Devices
import Testing

@testable import Hypervisor

@Suite struct PCIWindowTests {
  private static let gibibyte: UInt64 = 1 << 30

  @Test func `the window begins at 4 GiB where RAM ends below`() {
    let map = MemoryMap(ramSize: Self.gibibyte)
    let window = map.pciWindow64(addressBits: 46)
    #expect(window == GuestRange(base: 0x1_0000_0000, size: 256 * Self.gibibyte))
  }

  @Test func `the window begins at the next whole GiB past RAM`() {
    let map = MemoryMap(ramSize: 4 * Self.gibibyte + 4096)
    let window = map.pciWindow64(addressBits: 46)
    #expect(window?.base == GuestAddress(6 * Self.gibibyte))
  }

  @Test func `the window ends with what the CPU can address`() {
    let map = MemoryMap(ramSize: Self.gibibyte)
    let window = map.pciWindow64(addressBits: 36)
    #expect(window?.last == 0xF_FFFF_FFFF)
  }

  @Test func `there is no window where RAM reaches the end of the addresses`() {
    let map = MemoryMap(ramSize: 63 * Self.gibibyte)
    let window = map.pciWindow64(addressBits: 36)
    #expect(window == nil)
  }
}
