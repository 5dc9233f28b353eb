import Testing

@testable import Hypervisor
@testable import TestSupport

/// Clients that send a debugger's stub anything. Nothing traps, each packet has an answer that can be sent, and what
/// was set can be taken back.
@Suite struct GDBFuzzTests {
  @Test func `a client that sends nonsense leaves a machine as a good one would find it`() throws {
    let run = FuzzRun(seed: 5)
    try run.repeated(rounds: 20) { random, seed in
      let machine = try StandingMachine(vcpus: 3)
      var session = GDBSession(machine)
      var framing = GDBFraming()
      var fuzzer = PacketFuzzer(random: random)
      for step in 0..<500 {
        let place = "seed \(seed), step \(step)"
        for byte in fuzzer.bytes() {
          guard case .packet(let packet) = framing.take(byte) else { continue }
          check(session.answer(packet), machine, place)
        }
      }
      // Through to the next packet, whatever was left half said.
      let last = GDBFraming.packet(Array("?".utf8)).compactMap { framing.take($0) }
      #expect(last.last == .packet(Array("?".utf8)), "seed \(seed)")

      machine.removeAll()
      let base = StandingMachine.virtualBase
      let seen = machine.read(Int(StandingMachine.memorySize), at: .virtual(base, vcpu: 0))
      #expect(try machine.guestBytes(seen.count, at: 0) == seen, "seed \(seed)")
      random = fuzzer.random
    }
  }

  private func check(_ outcome: GDBSession.Outcome, _ machine: StandingMachine, _ place: String) {
    switch outcome {
    case .reply(let reply), .detach(let reply), .kill(let reply?):
      #expect(reply.count <= GDBFraming.mostPayload, "\(place)")
      var framing = GDBFraming()
      let events = GDBFraming.packet(reply).compactMap { framing.take($0) }
      #expect(events == [.packet(reply)], "\(place)")
    case .resume(let motions):
      #expect(motions.count == machine.vcpuCount && motions.contains { $0 != .stay }, "\(place)")
    case .kill(nil): break
    }
  }
}

/// Packets that are nearly right, and bytes that are no packets.
private struct PacketFuzzer {
  var random: SeededRandom

  mutating func bytes() -> [UInt8] {
    switch UInt8.random(in: 0..<16, using: &random) {
    case 0: return (0..<Int.random(in: 0...40, using: &random)).map { _ in anyByte() }
    case 1:
      let whole = GDBFraming.packet(packet())
      return Array(whole.prefix(Int.random(in: 0...whole.count, using: &random)))
    case 2:
      var broken = GDBFraming.packet(packet())
      broken[Int.random(in: 0..<broken.count, using: &random)] = anyByte()
      return broken
    default: return GDBFraming.packet(packet())
    }
  }

  private mutating func packet() -> [UInt8] {
    let names = [
      "?", "g", "G", "p", "P", "m", "M", "X", "Z0,", "Z1,", "Z2,", "Z3,", "Z4,", "z0,", "z1,", "z2,", "c",
      "s", "C05",
      "Hg", "Hc", "T", "D", "k", "qC", "qfThreadInfo", "qsThreadInfo", "qThreadExtraInfo,",
      "qSupported:swbreak+;",
      "qXfer:features:read:target.xml:", "Qqemu.PhyMemMode:", "vCont;", "vCont;c:", "vCont;s:", "vKill;", "",
    ]
    var packet = Array((names.randomElement(using: &random) ?? "").utf8)
    for _ in 0..<Int.random(in: 0...4, using: &random) { packet += argument() }
    if packet.first == UInt8(ascii: "G"), Bool.random(using: &random) {
      packet = [UInt8(ascii: "G")] + (0..<1400).map { _ in UInt8(ascii: "0") }
    }
    return packet
  }

  private mutating func argument() -> [UInt8] {
    switch UInt8.random(in: 0..<10, using: &random) {
    case 0...3:
      let near = StandingMachine.virtualBase &+ UInt64.random(in: 0...0x100, using: &random)
      return Array(String(near, radix: 16).utf8)
    case 4: return Array(String(random.next() >> UInt64.random(in: 0..<64, using: &random), radix: 16).utf8)
    case 5: return Array(String(UInt64.random(in: 0...8, using: &random), radix: 16).utf8)
    case 6: return Array("-1".utf8)
    case 7: return [anyByte()]
    default:
      return [
        [UInt8(ascii: ","), UInt8(ascii: ":"), UInt8(ascii: ";"), UInt8(ascii: "=")]
          .randomElement(using: &random) ?? 0
      ]
    }
  }

  private mutating func anyByte() -> UInt8 { UInt8.random(in: 0...255, using: &random) }
}
