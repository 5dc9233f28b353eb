import Testing

@testable import swiftvm

struct IPv4SubnetTests {
  @Test(arguments: [
    "", "1.2.3", "1.2.3.4.5", "256.0.0.1", "01.2.3.4", "+1.2.3.4", "a.b.c.d", "1..2.3", "1.2.3.4 ",
  ])
  func `what is no address is not read as one`(text: String) {
    #expect(IPv4Address(text) == nil)
  }

  @Test func `an address reads back`() {
    #expect(IPv4Address("192.168.122.255")?.description == "192.168.122.255")
    #expect(IPv4Address("0.0.0.0")?.value == 0)
    #expect(IPv4Address("255.255.255.255")?.value == .max)
  }

  @Test func `a subnet knows its ends`() throws {
    let subnet = try #require(IPv4Subnet("10.77.0.0/16"))
    #expect("\(subnet.netmask) \(subnet.broadcast)" == "255.255.0.0 10.77.255.255")
    #expect(try #require(IPv4Subnet("0.0.0.0/0")).broadcast.value == .max)
    #expect(try #require(IPv4Subnet("1.2.3.4")).length == 32)
    for text in ["1.2.3.4/33", "1.2.3.4/-1", "1.2.3.4/", "1.2.3.4/8/8", "/8"] {
      #expect(IPv4Subnet(text) == nil, "\(text)")
    }
  }

  @Test func `overlapping is mutual, and neighbours do not overlap`() throws {
    let small = try #require(IPv4Subnet("192.168.122.0/24"))
    let large = try #require(IPv4Subnet("192.168.0.0/16"))
    let next = try #require(IPv4Subnet("192.168.123.0/24"))
    #expect(small.overlaps(large) && large.overlaps(small) && small.overlaps(small))
    #expect(!small.overlaps(next) && !next.overlaps(small))
  }

  @Test(arguments: [
    ("192.168.150.0", "not an IPv4 subnet", "length from 16 to 29"),
    ("x/24", "not an IPv4 subnet", "192.168"),
    ("10.0.0.0/8", "of a size", "length"), ("10.0.0.0/30", "of a size", "length"),
    ("192.168.150.7/24", "not the subnet's first", "did you mean 192.168.150.0/24?"),
  ])
  func `a subnet for guests must be one`(text: String, message: String, hint: String) {
    let failure = #expect(throws: Failure.self) { try VirtualNetwork.checked(subnet: text) }
    #expect(failure?.message.contains(message) == true && failure?.hint?.contains(hint) == true)
  }

  @Test func `the first subnet tried is libvirt's, and none is tried twice`() {
    let subnets = VirtualNetwork.usualSubnets
    #expect(subnets.first?.description == "192.168.122.0/24")
    #expect(Set(subnets).count == subnets.count && subnets.count > 200)
  }
}
