import Devices
import Testing

@testable import Hypervisor

struct BusPlacesTests {
  private let map = BaseAddressMap()
  private let places: BusPlaces

  init() throws {
    var ports = AddressSpaceBuilder()
    try ports.map(DebugPort(power: try PowerControl()), name: "COM1", base: Layout.Port.com1, size: 8)
    var memory = AddressSpaceBuilder()
    try memory.map(
      MemoryWindow(map, base: Layout.pciWindow.base), name: "PCI memory", base: Layout.pciWindow.base.value,
      size: Layout.pciWindow.size)
    try memory.map(
      DebugPort(power: try PowerControl()), name: "PCI ECAM", base: Layout.ecam.base.value,
      size: Layout.ecam.size)
    places = BusPlaces(ExitDispatcher(ports: ports.seal(), memory: memory.seal()), functions: map)
  }

  private final class Target: BaseAddressTarget {
    let name = "disk0"
    static func registerName(at offset: UInt64) -> String? { "register \(offset)" }
    func readMemory(at offset: UInt64, width: Int) -> UInt64 { 0 }
    func writeMemory(_ value: UInt64, at offset: UInt64, width: Int) {}
  }

  @Test func `a port has the name of its chip and of the register, which may depend on the direction`() {
    let port = Layout.Port.com1 + 2
    #expect(places.meaning(of: port, .portRead) == .init(device: "COM1", register: "IIR"))
    #expect(places.meaning(of: port, .portWrite) == .init(device: "COM1", register: "FCR"))
    #expect(places.meaning(of: 0x510, .portWrite, width: 2).register == "selector")
    #expect(places.meaning(of: 0x511, .portRead).register == "data")
    #expect(places.meaning(of: 0x1234, .portRead) == .init(device: nil, register: nil))
    // The same address on the other bus is another place.
    #expect(places.meaning(of: port, .mmioRead) == .init(device: nil, register: nil))
  }

  @Test func `the reset register is one byte in the midst of another`() {
    #expect(places.meaning(of: 0xCF9, .portWrite, width: 1).register == "RST_CNT")
    #expect(places.meaning(of: 0xCF8, .portWrite, width: 4).register == "CONFIG_ADDRESS")
    #expect(places.meaning(of: 0xCFE, .portRead, width: 2).register == "CONFIG_DATA")
  }

  @Test func `configuration space is shown by device, function and offset`() {
    let address = Layout.ecam.base.value + (0x1F << 15) + (2 << 12) + 0x3C
    #expect(places.meaning(of: address, .mmioRead) == .init(device: "PCI ECAM", register: "1f.2+0x3c"))
  }

  @Test func `a PCI device is found where the guest has last put it, and only there`() {
    let base = Layout.pciWindow.base.value
    let target = Target()
    map.place(target, at: GuestRange(base: GuestAddress(base + 0x8000), size: 0x8000))
    #expect(places.meaning(of: base + 0x8010, .mmioWrite) == .init(device: "disk0", register: "register 16"))
    #expect(places.meaning(of: base, .mmioWrite) == .init(device: "PCI memory", register: nil))
    map.place(target, at: GuestRange(base: GuestAddress(base), size: 0x8000))
    #expect(places.meaning(of: base + 0x8010, .mmioWrite) == .init(device: "PCI memory", register: nil))
    // Who looks back at an exit of a machine that has ended sees what it was.
    map.place(target, at: nil)
    #expect(places.meaning(of: base + 0x10, .mmioWrite) == .init(device: "disk0", register: "register 16"))
  }

  @Test func `any address has a meaning, and any detail a reason`() {
    for shift in 0..<64 as Range<UInt64> {
      for reason in ExitReason.allCases where reason.hasPlace {
        _ = places.meaning(of: 1 << shift, reason, width: 8)
        _ = places.meaning(of: UInt64.max >> shift, reason, width: 1)
      }
    }
    for detail in UInt8.min...UInt8.max { _ = TracedExit.parts(detail) }
    for reason in ExitReason.allCases {
      #expect(TracedExit.parts(TracedExit.detail(reason, width: 8)) == (reason, 8))
    }
  }
}
