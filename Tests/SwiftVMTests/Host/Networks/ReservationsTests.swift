import Devices
import Testing

@testable import swiftvm

struct ReservationsTests {
  private func network(_ subnet: String = "10.77.0.0/29") throws -> VirtualNetwork {
    VirtualNetwork(
      name: "lab", bridge: "svbr3", subnet: try #require(IPv4Subnet(subnet)), prefix6: nil, isIsolated: false,
      isTransient: true)
  }

  @Test func `as many guests as there are addresses get one each, and the next one none`() throws {
    let network = try network()
    var reserved: Set<IPv4Address> = []
    for number in 0..<5 {
      let mac = MACAddress(derivedFrom: ["\(number)"])
      let address = try #require(
        Reservations.address(for: mac, in: network, reserved: reserved, leases: []))
      #expect(network.guests.contains(address) && address != network.gateway)
      #expect(reserved.insert(address).inserted)
    }
    let late = MACAddress(derivedFrom: ["late"])
    #expect(Reservations.address(for: late, in: network, reserved: reserved, leases: []) == nil)
  }

  @Test func `a guest gets the address that it had, and nobody else's`() throws {
    let network = try network("10.77.0.0/24")
    let mac = MACAddress(derivedFrom: ["a"])
    let other = MACAddress(derivedFrom: ["b"])
    let first = try #require(Reservations.address(for: mac, in: network, reserved: [], leases: []))
    let taken = [Reservations.Lease(mac: "\(other)", address: first)]
    #expect(Reservations.address(for: mac, in: network, reserved: [], leases: taken) != first)
    #expect(Reservations.address(for: other, in: network, reserved: [], leases: taken) == first)
    #expect(Reservations.address(for: other, in: network, reserved: [first], leases: taken) != first)
  }

  @Test func `leases of IPv4 are read, whatever else the file holds`() {
    let text = """
      1795251909 02:00:00:00:00:01 192.168.122.126 web 01:02:00:00:00:00:01
      duid 00:01:00:01:30:b2:95:0a:92:f2:7e:02:ab:7a
      1795251909 6291456 fd81:cf94:542b::1a2b * 00:01
      nonsense
      """
    #expect(
      Reservations.leases(in: text).map { "\($0.mac) \($0.address)" } == ["02:00:00:00:00:01 192.168.122.126"]
    )
  }

  @Test func `a neighbour is found by its address, and only where it leads somewhere`() {
    let text = """
      [{"dst":"192.168.1.7","lladdr":"02:00:00:00:00:01","state":["REACHABLE"]},
       {"dst":"fe80::1","lladdr":"02:00:00:00:00:01","state":["STALE"]},
       {"dst":"192.168.1.8","lladdr":"02:00:00:00:00:02","state":["STALE"]},
       {"dst":"192.168.1.9","state":["FAILED"]}]
      """
    #expect(GuestAddresses.neighbours(in: text, of: "02:00:00:00:00:01") == ["192.168.1.7"])
    #expect(GuestAddresses.neighbours(in: "", of: "02:00:00:00:00:01") == [])
  }

  @Test func `a subnet that is proposed is free`() throws {
    func proposal(_ wanted: String?, _ routes: [String]) throws -> String {
      let routes = routes.map { "{\"dst\":\"\($0)\"}" }.joined(separator: ",")
      let host = HostInterfaces(addresses: "[]", routes: "[\(routes)]")
      let failure = #expect(throws: Failure.self) {
        try HostNetworks.subnet(wanted.flatMap { IPv4Subnet($0) }, beside: [], on: host)
      }
      return failure?.hint ?? ""
    }
    #expect(try proposal("10.77.0.0/16", ["10.77.0.0/16"]).hasSuffix("--subnet 192.168.122.0/24`"))
    #expect(
      try proposal("10.77.0.0/16", ["10.77.0.0/16", "192.168.122.0/24"]).hasSuffix("192.168.123.0/24`"))
    #expect(try proposal(nil, ["192.168.0.0/16"]).hasSuffix("10.77.77.0/24`"))
    #expect(try proposal(nil, ["192.168.0.0/16", "10.77.0.0/16"]).hasSuffix("10.78.77.0/24`"))
    #expect(try proposal(nil, ["192.168.0.0/16", "10.0.0.0/8"]).hasSuffix("172.16.77.0/24`"))
    #expect(try proposal(nil, ["128.0.0.0/1", "0.0.0.0/1"]) == "name a free one")
  }

  @Test func `subnets in use are told with who uses them`() throws {
    let host = HostInterfaces(
      addresses: """
        [{}, {"ifname":"eth0","mtu":1500,"addr_info":[{"family":"inet","local":"192.168.122.9","prefixlen":24},
         {"family":"inet6","local":"fe80::1","prefixlen":64}]},
         {"ifname":"svbr0","linkinfo":{"info_kind":"bridge"}}]
        """, routes: #"[{"dst":"default","dev":"eth0"},{"dst":"10.0.0.0/8","dev":"tun0"}]"#)
    #expect(host.user(of: try #require(IPv4Subnet("192.168.122.0/24"))) == "eth0 has 192.168.122.9/24")
    #expect(
      host.user(of: try #require(IPv4Subnet("10.77.0.0/24"))) == "there is a route to 10.0.0.0/8 through tun0"
    )
    #expect(host.user(of: try #require(IPv4Subnet("192.168.123.0/24"))) == nil)
    #expect(host["svbr0"]?.isBridge == true && host["eth0"]?.isBridge == false)
    #expect(host.freeName("svbr") == "svbr1" && host.freeName("svbr", taken: ["svbr1"]) == "svbr2")
  }

  @Test func `a process is told from one that has its number later`() throws {
    let own = try #require(ProcessIdentity.own)
    #expect(own.isAlive)
    let document = #"{"id": \#(own.id), "start": \#(own.start + 1)}"#
    let record: ProcessIdentity? = try Self.decoded(document)
    #expect(record?.isAlive == false)
    #expect(ProcessIdentity(-1) == nil)
  }

  @Test func `a machine's record reads back, whatever its console is called`() throws {
    let process = try #require(ProcessIdentity.own)
    var record = MachineRecord(
      name: "web", process: process, cpus: 2, memory: 1 << 40, console: "file=/tmp/a \"b\" \\ \u{1}\n é",
      virtioConsole: "pty=/dev/pts/3", published: ["80:80", "53:53/udp"])
    let scratch = try Scratch()
    let folder = StateFolder(path: scratch.path)
    #expect(folder.read(try scratch.file("plain.json", Array(record.text.utf8))) == record)
    record.cards = [
      .init(
        source: "nat=lab", network: "lab", bridge: "svbr0", interface: "svtap0", mac: "02:00:00:00:00:01",
        address: IPv4Address("10.77.0.2")),
      .init(source: "fd=3", network: nil, bridge: nil, interface: "tap0", mac: "m", address: nil),
    ]
    #expect(folder.read(try scratch.file("cards.json", Array(record.text.utf8))) == record)
  }

  private static func decoded(_ text: String) throws -> ProcessIdentity? {
    let scratch = try Scratch()
    return StateFolder(path: scratch.path).read(try scratch.file("record.json", Array(text.utf8)))
  }
}
