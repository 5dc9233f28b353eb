import Devices
import Testing

@testable import Hypervisor

@Suite struct LayoutTests {
  @Test func `every pin of every PCI device is wired to an I/O APIC pin that no ISA interrupt uses`() {
    let routes = (UInt8(0)...31).flatMap { device in
      InterruptPin.allCases.map { Layout.IRQ.pci(device: device, pin: $0) }
    }
    #expect(Set(routes) == Set(16...23))
  }

  @Test func `eight neighbouring devices that use INTA share no pin`() {
    let pins = (UInt8(1)...8).map { Layout.IRQ.pci(device: $0, pin: .intA) }
    #expect(Set(pins).count == 8)
  }
}
