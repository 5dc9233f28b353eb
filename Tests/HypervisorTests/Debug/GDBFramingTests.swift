import Testing

@testable import Hypervisor

@Suite struct GDBFramingTests {
  private func events(_ bytes: some Sequence<UInt8>) -> [GDBFraming.Event] {
    var framing = GDBFraming()
    return bytes.compactMap { framing.take($0) }
  }

  private func events(_ text: String) -> [GDBFraming.Event] { events(text.utf8) }

  @Test(arguments: [[], Array("g".utf8), Array("a}b#c$d*e".utf8), Array(0...255)] as [[UInt8]])
  func `a packet that is framed is read back`(payload: [UInt8]) {
    #expect(events(GDBFraming.packet(payload)) == [.packet(payload)])
  }

  @Test func `a packet carries the sum of its bytes`() {
    #expect(GDBFraming.packet(Array("OK".utf8)) == Array("$OK#9a".utf8))
    #expect(events("$OK#9A") == [.packet(Array("OK".utf8))])
  }

  @Test func `what stands between packets is told apart`() {
    #expect(
      events("+-x\u{3}$OK#9a\u{3}") == [
        .acknowledged, .refused, .interrupt, .packet(Array("OK".utf8)), .interrupt,
      ])
  }

  @Test func `an interrupt's byte inside a packet is data`() {
    #expect(events(GDBFraming.packet([1, 3, 5])) == [.packet([1, 3, 5])])
  }

  @Test(arguments: ["$OK#9b", "$OK#x9", "$OK#9x", "$#01"])
  func `a wrong checksum makes a packet malformed, and the next one is read`(text: String) {
    #expect(events(text + "$OK#9a") == [.malformed, .packet(Array("OK".utf8))])
  }

  @Test func `a packet that breaks off is dropped where the next begins`() {
    #expect(events("$m0,10$OK#9a") == [.packet(Array("OK".utf8))])
    #expect(events("$m0}$OK#9a") == [.packet(Array("OK".utf8))])
  }

  @Test func `the longest packet is taken, and a longer one is malformed`() {
    let longest = [UInt8](repeating: UInt8(ascii: "a"), count: GDBFraming.mostPayload)
    #expect(events(GDBFraming.packet(longest)) == [.packet(longest)])
    #expect(events(GDBFraming.packet(longest + [0]) + GDBFraming.packet([])) == [.malformed, .packet([])])
  }
}
