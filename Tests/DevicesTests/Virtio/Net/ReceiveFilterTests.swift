import Testing

@testable import Devices

@Suite("which frames a driver gets")
struct ReceiveFilterTests {
  private let own = MACAddress(value: 0x0200_0000_0001)
  private let other = MACAddress(value: 0x0200_0000_0002)
  private let group = MACAddress(value: 0x0100_5E00_0001)
  private var filter = ReceiveFilter([.netControlReceive, .netControlVLAN])

  private func accepts(_ address: MACAddress, vlan: UInt16? = nil) -> Bool {
    filter.accepts(address, vlan: vlan, own: own)
  }

  @Test func `its own and broadcast at first`() {
    #expect(accepts(own) && accepts(.broadcast))
    #expect(!accepts(other) && !accepts(group))
    #expect(!filter.acceptsAll)
  }

  @Test func `everything where the driver does not choose`() {
    let filter = ReceiveFilter([])
    #expect(filter.acceptsAll)
    #expect(filter.accepts(other, vlan: 7, own: own))
  }

  @Test mutating func `everything in promiscuous mode, whatever else is said`() {
    (filter.isPromiscuous, filter.noUnicast, filter.noMulticast, filter.noBroadcast) = (
      true, true, true, true
    )
    #expect(accepts(own) && accepts(other, vlan: 9) && accepts(group) && accepts(.broadcast))
    #expect(filter.acceptsAll)
  }

  @Test mutating func `the tables' addresses too`() {
    filter.setTables(unicast: [other], multicast: [group])
    #expect(accepts(other) && accepts(group))
    #expect(!accepts(MACAddress(value: 0x0200_0000_0003)) && !accepts(MACAddress(value: 0x0100_5E00_0002)))
  }

  @Test mutating func `all of a kind where the table is too long`() {
    let many = (0...UInt64(ReceiveFilter.tableLimit)).map { MACAddress(value: 0x0200_0000_1000 + $0) }
    filter.setTables(unicast: many, multicast: [])
    #expect(accepts(other) && !accepts(group))
  }

  @Test mutating func `modes let a kind through or keep it out`() {
    filter.allMulticast = true
    #expect(accepts(group) && !accepts(other))
    filter.noMulticast = true
    #expect(!accepts(group) && accepts(.broadcast))
    filter.allUnicast = true
    #expect(accepts(other))
    filter.noUnicast = true
    #expect(!accepts(other) && !accepts(own))
    filter.noBroadcast = true
    #expect(!accepts(.broadcast))
  }

  @Test mutating func `tagged frames of the VLANs that were added`() {
    #expect(!accepts(own, vlan: 5))
    #expect(accepts(own, vlan: 0))
    filter.vlans?.insert(5)
    #expect(accepts(own, vlan: 5) && !accepts(other, vlan: 5))
    filter.vlans?.remove(5)
    #expect(!accepts(own, vlan: 5))
  }
}
