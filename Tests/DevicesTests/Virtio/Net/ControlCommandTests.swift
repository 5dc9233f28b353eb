import TestSupport
import Testing

@testable import Devices

@Suite("commands of the control queue")
struct ControlCommandTests {
  private static let a = MACAddress(value: 0x0200_0000_0001)
  private static let b = MACAddress(value: 0x0100_5E00_0001)

  @Test func `each is taken apart`() {
    #expect(ControlCommand([0, 0, 1]) == .receive(.promiscuous, true))
    #expect(ControlCommand([0, 5, 0]) == .receive(.noBroadcast, false))
    #expect(ControlCommand([1, 1] + Self.a.bytes) == .setAddress(Self.a))
    #expect(ControlCommand([2, 0, 0xFF, 0x0F]) == .addVLAN(4095))
    #expect(ControlCommand([2, 1, 1, 0]) == .removeVLAN(1))
    #expect(ControlCommand([4, 0, 2, 0]) == .setPairs(2))
    #expect(ControlCommand([5, 0, 2, 0, 0, 0, 0, 0, 0, 0]) == .setOffloads(.netGuestChecksum))
    #expect(
      ControlCommand([1, 0, 1, 0, 0, 0] + Self.a.bytes + [1, 0, 0, 0] + Self.b.bytes)
        == .setTables(unicast: [Self.a], multicast: [Self.b]))
    #expect(
      ControlCommand([1, 0, 0, 0, 0, 0, 0, 0, 0, 0]) == .setTables(unicast: [], multicast: []))
  }

  @Test(
    arguments: [
      [], [0], [0, 0], [0, 0, 2], [0, 0, 1, 1], [0, 6, 1], [1, 1, 2, 0, 0, 0, 0], [1, 1, 1, 0, 0, 0, 0, 1],
      [1, 1, 0, 0, 0, 0, 0, 0], [1, 1, 2, 0, 0, 0, 0, 1, 9], [2, 0, 0, 0x10], [2, 2, 1, 0], [3, 0],
      [4, 0, 1],
      [4, 1, 1, 0], [5, 0, 0, 0, 0, 0, 0, 0, 0], [6, 0], [1, 0, 1, 0, 0, 0], [1, 0, 0xFF, 0xFF, 0xFF, 0xFF],
      [1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0],
    ] as [[UInt8]])
  func `anything else is none`(bytes: [UInt8]) {
    #expect(ControlCommand(bytes) == nil)
  }

  @Test func `any bytes are answered`() {
    var random = SeededRandom(seed: 7)
    for _ in 0..<20_000 {
      var bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in
        UInt8.random(in: 0...255, using: &random)
      }
      if bytes.count > 1 {
        bytes[0] %= 7
        bytes[1] %= 3
      }
      guard let command = ControlCommand(bytes) else { continue }
      let settings = NetSettings(VirtioFeatures(rawValue: .max), mac: Self.a)
      if let new = settings.applying(command, maximumPairs: 4) { #expect((1...4).contains(new.pairs)) }
    }
  }

  @Test func `a command needs the feature that it belongs to`() {
    let commands: [(ControlCommand, VirtioFeatures)] = [
      (.receive(.allMulticast, true), .netControlReceive),
      (.receive(.noUnicast, true), .netControlReceiveExtra),
      (.setTables(unicast: [], multicast: []), .netControlReceive), (.setAddress(Self.a), .netControlMAC),
      (.addVLAN(1), .netControlVLAN), (.setPairs(1), .netMultiqueue),
      (.setOffloads([]), .netControlGuestOffloads),
    ]
    for (command, feature) in commands {
      let with = NetSettings([.netControlQueue, feature], mac: Self.a)
      #expect(with.applying(command, maximumPairs: 1) != nil)
      #expect(NetSettings(feature, mac: Self.a).applying(command, maximumPairs: 1) == nil)
      let without = VirtioFeatures(rawValue: .max).subtracting(feature)
      #expect(NetSettings(without, mac: Self.a).applying(command, maximumPairs: 1) == nil)
    }
  }

  @Test func `as many pairs as there are, and offloads that were agreed`() {
    let settings = NetSettings(
      [.netControlQueue, .netMultiqueue, .netControlGuestOffloads, .netGuestChecksum], mac: Self.a)
    #expect(settings.applying(.setPairs(0), maximumPairs: 2) == nil)
    #expect(settings.applying(.setPairs(3), maximumPairs: 2) == nil)
    #expect(settings.applying(.setPairs(2), maximumPairs: 2)?.pairs == 2)
    #expect(settings.applying(.setOffloads([.netGuestChecksum, .netGuestTSO4]), maximumPairs: 2) == nil)
    #expect(settings.applying(.setOffloads([]), maximumPairs: 2)?.offloads == [])
  }
}
