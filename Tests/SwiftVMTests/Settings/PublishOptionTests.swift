import Hypervisor
import Testing

@testable import swiftvm

@Suite("--publish")
struct PublishOptionTests {
  @Test(arguments: ["8080:80", "127.0.0.1:8080:80", "53:5353/udp", "10.0.0.1:1:65535/udp"])
  func `every form is read, and reads back`(text: String) throws {
    #expect(try "\(PublishOption.parse(text))" == text)
  }

  @Test func `all addresses and tcp may be written out`() throws {
    #expect(try PublishOption.parse("0.0.0.0:1:2/tcp") == PublishedPort(hostPort: 1, guestPort: 2))
  }

  @Test(arguments: [
    "80", "80:", ":80", "0:80", "80:0", "65536:80", "a:b", "1:2:3", "1.2.3:1:2", "1:2/sctp", "1:2/",
    "1:2/udp/tcp",
    "::1:80:80", "",
  ])
  func `what cannot be meant is told, with the form`(text: String) {
    let failure = #expect(throws: Failure.self) { try PublishOption.parse(text) }
    #expect(failure?.status == .usage && failure?.hint?.contains("HOST_PORT:GUEST_PORT") == true)
  }

  @Test(arguments: ["[::1]:8080:80", "[::]:8080:80/udp", "[fd00::1]:1:2"])
  func `an IPv6 address is refused, and the hint tells why`(text: String) {
    let failure = #expect(throws: Failure.self) { try PublishOption.parse(text) }
    #expect(failure?.message.contains("IPv4 addresses only") == true)
    #expect(failure?.hint?.contains("its own choice") == true)
  }

  @Test(arguments: [
    (["80:1", "80:2"], true), (["80:1", "127.0.0.1:80:2"], true),
    (["127.0.0.1:80:1", "127.0.0.1:80:1"], true),
    (["80:1", "80:1/udp"], false), (["127.0.0.1:80:1", "127.0.0.2:80:1"], false), (["80:1", "81:1"], false),
  ])
  func `a port of the host is published once`(texts: [String], collides: Bool) {
    let cards = [CardWish(.nat("default"))]
    let ports = try? PublishOption.ports(texts, cards: cards)
    #expect((ports == nil) == collides)
  }

  @Test func `no more ports are published than can be compared in a moment`() throws {
    func ports(_ count: Int) throws -> Int {
      try PublishOption.ports((1...count).map { "\($0):80" }, cards: [CardWish(.user)]).count
    }
    #expect(try ports(1024) == 1024)
    let failure = #expect(throws: Failure.self) { try ports(1025) }
    #expect(failure?.message.contains("at most 1024") == true)
  }

  @Test func `publishing needs a card on a virtual network`() {
    let failure = #expect(throws: Failure.self) {
      try PublishOption.ports(["1:2"], cards: [CardWish(.bridge("br0"))])
    }
    #expect(failure?.hint?.contains("--net nat or --net user") == true)
    #expect(throws: Never.self) { try PublishOption.ports(["1:2"], cards: [CardWish(.user)]) }
  }
}
