import Devices
import Testing

@testable import swiftvm

@Suite("checking network cards")
struct CardWishTests {
  private func card(
    _ source: CardWish.Source = .tap("tap0"),
    _ change: (inout CardWish) -> Void = { _ in }
  ) -> CardWish {
    var card = CardWish(source)
    change(&card)
    return card
  }

  /// What is wrong with the last of `cards`.
  private func failure(_ cards: CardWish...) -> CardError? {
    do throws(CardError) {
      for (index, card) in cards.enumerated() { try card.check(after: cards[..<index]) }
      return nil
    } catch {
      return error
    }
  }

  @Test func `sound cards pass`() {
    #expect(failure(card(), card(.tap("tap1")), card(.descriptor(3))) == nil)
    #expect(failure(card { $0.mtu = 68 }) == nil)
    #expect(failure(card { $0.mtu = 65535 }) == nil)
    #expect(failure(card { $0.queues = Tap.mostQueues }) == nil)
  }

  @Test func `numbers out of range are refused`() {
    #expect(failure(card { $0.mtu = 67 }) == .mtu(67))
    #expect(failure(card { $0.mtu = 65536 }) == .mtu(65536))
    #expect(failure(card { $0.queues = 0 }) == .queues(0))
    #expect(failure(card { $0.queues = 65 }) == .queues(65))
    #expect(failure(card(.descriptor(3)) { $0.queues = 2 }) == .queuesOfDescriptor)
    #expect(failure(card(.user) { $0.queues = 2 }) == .queuesOfUser)
    #expect(failure(card(.user) { $0.vhost = .on }) == .vhostOfUser)
    #expect(failure(card(.tap("sixteen-bytes-xx"))) == .nameTooLong("sixteen-bytes-xx"))
  }

  @Test func `an address must be one station's`() throws {
    let group = try #require(MACAddress("01:00:5e:00:00:01"))
    #expect(failure(card { $0.mac = group }) == .multicast(group))
    #expect(failure(card { $0.mac = .broadcast }) == .multicast(.broadcast))
    #expect(failure(card { $0.mac = MACAddress("00:00:00:00:00:00") }) == .zeroAddress)
  }

  @Test func `several cards may be on one network or bridge`() {
    #expect(failure(card(.nat("a")), card(.nat("a")), card(.bridge("br0")), card(.bridge("br0"))) == nil)
    #expect(failure(card(.user), card(.user) { $0.vhost = .off }) == nil)
  }

  @Test func `two cards share nothing`() throws {
    let mac = try #require(MACAddress("02:00:00:00:00:01"))
    #expect(failure(card(), card()) == .sameSource("tap=tap0"))
    #expect(failure(card { $0.id = "a" }, card(.tap("b")) { $0.id = "a" }) == .sameID("a"))
    #expect(failure(card { $0.mac = mac }, card(.tap("b")) { $0.mac = mac }) == .sameAddress(mac))
  }
}
