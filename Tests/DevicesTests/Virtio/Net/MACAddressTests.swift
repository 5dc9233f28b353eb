import Testing

@testable import Devices

@Suite("MAC addresses")
struct MACAddressTests {
  @Test func `text reads back`() throws {
    let address = try #require(MACAddress("02:00:0a:FF:7f:01"))
    #expect(address.bytes == [0x02, 0, 0x0A, 0xFF, 0x7F, 0x01])
    #expect("\(address)" == "02:00:0a:ff:7f:01")
    #expect(MACAddress(address.bytes) == address)
  }

  @Test(arguments: [
    "", "02:00:00:00:00", "02:00:00:00:00:00:00", "2:00:00:00:00:00", "02-00-00-00-00-00",
    "02:00:00:00:00:0g",
    "+2:00:00:00:00:00", "02:00:00:00:00:001",
  ])
  func `what is no address is refused`(text: String) {
    #expect(MACAddress(text) == nil)
  }

  @Test func `a derived address is the same each time, local and of one card`() {
    var seen: Set<MACAddress> = []
    for index in 0..<1000 {
      let address = MACAddress(derivedFrom: ["host", "tap\(index)", "0"])
      #expect(address == MACAddress(derivedFrom: ["host", "tap\(index)", "0"]))
      #expect(!address.isMulticast)
      #expect(address.bytes[0] & 2 == 2)
      seen.insert(address)
    }
    #expect(seen.count == 1000)
    #expect(MACAddress(derivedFrom: ["a", "b"]) != MACAddress(derivedFrom: ["ab", ""]))
  }
}
