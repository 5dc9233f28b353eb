import Devices
import Testing

@testable import Hypervisor

struct SetupHeaderTests {
  @Test func `no more is copied than the jump says`() {
    var bytes = BzImageBuilder().bytes
    // Up to initrd_addr_max, 0x230 alone left out.
    bytes[0x201] = UInt8(0x230 - 0x202)
    let header = SetupHeader(LittleEndianBytes(bytes))
    #expect(header.initrdAddressMax == 0x7FFF_FFFF)
    #expect(header.kernelAlignment == 0)
  }

  @Test func `no jump reaches past the hole in boot_params`() {
    var bytes = BzImageBuilder().bytes
    bytes[0x201] = 0xFF
    for offset in 0x270..<0x400 { bytes[offset] = 0xAB }
    let header = SetupHeader(LittleEndianBytes(bytes))
    #expect(header.fields.count == 0x290)
    let page = BootParametersTests.page(header)
    #expect(page.number(at: 0x28F, as: UInt8.self) == 0xAB)
    #expect(page.number(at: 0x290, as: UInt8.self) == 0)
  }

  @Test func `a command line size of zero is the old limit`() {
    let header = SetupHeader(LittleEndianBytes(BzImageBuilder(commandLineSize: 0).bytes))
    #expect(header.commandLineSize == 255)
  }
}
