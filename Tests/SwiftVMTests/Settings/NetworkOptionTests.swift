import Devices
import Hypervisor
import Testing

@testable import swiftvm

@Suite("--net")
struct NetworkOptionTests {
  @Test func `every key is read, and reads back`() throws {
    let text = "tap=a,,b,mac=02:00:00:00:00:01,mtu=9000,queues=2,vhost=off,id=lan"
    let card = try NetworkOption.parse(text)
    #expect(card.source == .tap("a,b"))
    #expect(card.mac == MACAddress("02:00:00:00:00:01"))
    #expect((card.mtu, card.queues, card.vhost, card.id) == (9000, 2, .off, "lan"))
    #expect(NetworkOption.text(card) == text)
    #expect(try NetworkOption.parse(NetworkOption.text(card)) == card)
    #expect(try NetworkOption.parse("fd=3").source == .descriptor(3))
    #expect(try NetworkOption.parse("tap=x") == CardWish(.tap("x")))
  }

  @Test(arguments: [
    ("tpa=x", "unknown key \"tpa\"", "did you mean \"tap\"?"),
    ("tap=x,quees=2", "unknown key \"quees\"", "did you mean \"queues\"?"),
    ("tap=x,tap=y", "given twice", ""), ("tap=x,fd=3", "both tap and fd", "one of the two"),
    ("mtu=9000", "no network is named", "tap=NAME"), ("", "nothing is named", ""),
    ("tap", "a card cannot be \"tap\"", "say which: tap=NAME"), ("fd", "a card cannot be", "fd=N"),
    ("foo", "a card cannot be \"foo\"", "nat, nat=NAME, user, bridge=NAME, tap=NAME or fd=N"),
    ("nic,model=virtio", "a card cannot be \"nic\"", "bridge=NAME"), (",mtu=9", "nothing is named", ""),
    ("user,hostfwd=tcp::8080-:80", "unknown key", "--publish HOST_PORT:GUEST_PORT"),
    ("tap=x,ifname=y", "unknown key", "tap=NAME"), ("user,model=e1000", "unknown key", "leave it out"),
    ("fd=-1", "no descriptor", "fd=3"), ("fd=x", "no descriptor", "fd=3"),
    ("tap=x,mac=02:00", "no MAC address", "02:00:00"), ("tap=x,mtu=big", "no number", ""),
    ("user=lab", "no networks of this kind by name", "--net user"),
    ("user,nat=a", "both nat and user", "one of"),
    ("usr", "a card cannot be", "did you mean user?"),
    ("nat,bridge=br0", "both nat and bridge", "one of the two"),
    ("nat=a b", "not a name", "letters"),
    ("bridge=br0,create=eth1", "create=eth1 is not done", "ip link add br0"),
    ("tap=x,queues=-1", "no number", ""), ("tap=x,vhost=maybe", "no such choice", "auto, on or off"),
  ])
  func `what cannot be meant is told, with what to do`(text: String, message: String, hint: String) {
    let failure = #expect(throws: Failure.self) { try NetworkOption.parse(text) }
    #expect(failure?.status == .usage)
    #expect(failure?.message.contains(message) == true, "\(String(describing: failure))")
    #expect(hint.isEmpty || failure?.hint?.contains(hint) == true, "\(String(describing: failure))")
  }

  @Test func `a network needs no name, and none is no card`() throws {
    #expect(try NetworkOption.parse("nat").source == .nat("default"))
    #expect(try NetworkOption.parse("nat=lab,mtu=1400").source == .nat("lab"))
    #expect(try NetworkOption.parse("nat,id=a").id == "a")
    #expect(try NetworkOption.parse("bridge=br0").source == .bridge("br0"))
    #expect(try NetworkOption.cards(["none"]) == [])
    #expect(throws: Failure.self) { try NetworkOption.cards(["nat", "none"]) }
    #expect(try NetworkOption.parse("user").source == .user)
    #expect(try NetworkOption.parse("user,mtu=1400,id=a").mtu == 1400)
    for text in ["nat=lab", "bridge=br0", "user", "user,mac=02:00:00:00:00:01,id=a,,b"] {
      let card = try NetworkOption.parse(text)
      #expect(try NetworkOption.parse(NetworkOption.text(card)) == card)
    }
  }

  @Test func `flags win over the file, and both name cards`() throws {
    var file = MachineSettings()
    file["net"] = ["tap=a", "tap=b"]
    #expect(try file.plan().cards.map(\.source) == [.tap("a"), .tap("b")])
    var flags = MachineSettings()
    flags["net"] = ["fd=7"]
    #expect(try file.overridden(by: flags).plan().cards.map(\.source) == [.descriptor(7)])
    let dumped = MachineSettings(try file.plan())
    #expect(try dumped.plan() == file.plan())
  }

  @Test(arguments: [
    TapError.nameTooLong("x"), .badName("x"), .missing("x"), .notPermitted("x"), .busy("x"),
    .queueMismatch("x", hasSeveral: true), .queueMismatch("x", hasSeveral: false), .otherInterface("x"),
    .tooManyQueues("x", limit: 8), .notOpen(9), .notTap(9), .noHeader(9),
  ])
  func `a TAP that cannot be had is named, with what to do`(error: TapError) {
    let failure = Failure(error)
    #expect(failure.status == .usage)
    #expect(failure.message.contains("x") || failure.message.contains("fd=9"))
    #expect(failure.hint?.isEmpty == false)
  }
}
