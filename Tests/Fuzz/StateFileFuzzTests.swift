import Devices
import TestSupport
import Testing

@testable import swiftvm

/// Files of the state folder that were written badly, or by somebody else.
@Suite struct StateFileFuzzTests {
  @Test func `a machine's record is read back as it was, whatever its texts are`() throws {
    let run = FuzzRun(seed: 14)
    let file = try TemporaryFile()
    try run.repeated(rounds: 200) { random, seed in
      let record = try Self.record(&random)
      #expect(try Self.read(record.text, in: file) == record, "seed \(seed): \(record.text)")
      #expect(try Self.read(StateFolder.json(record), in: file) == record, "seed \(seed)")
    }
  }

  @Test func `what is no record is read as none, and what is one can be worked with`() throws {
    let run = FuzzRun(seed: 15)
    let file = try TemporaryFile()
    try run.repeated(rounds: 300) { random, seed in
      let record = try Self.record(&random)
      let subnet = try #require(
        IPv4Subnet(
          "192.168.\(UInt8.random(in: 0...255, using: &random)).0/\(Int.random(in: 16...29, using: &random))")
      )
      let network = VirtualNetwork(
        name: "default", bridge: "swiftvm0", subnet: subnet, prefix6: nil, isIsolated: false,
        isTransient: true)
      let leases = "1700000000 02:00:00:00:00:01 192.168.3.4 web 01:02\n1 2 3 4 5\n"
      var fuzzer = TextFuzzer(random: random)
      let texts = [record.text, StateFolder.json(network), leases].map { fuzzer.mutated($0) }
      random = fuzzer.random

      let seen: MachineRecord? = try Self.read(texts[0], in: file)
      if let seen {
        #expect(try Self.read(seen.text, in: file) == seen, "seed \(seed)")
        _ = Reservations.text(of: [seen], on: "default")
      }
      let known = Reservations.leases(in: String(decoding: texts[2], as: UTF8.self))
      // Digits are doubled and left out often enough to make a subnet with no room for a guest.
      let net: VirtualNetwork? = try Self.read(texts[1], in: file)
      if let net {
        let address = Reservations.address(
          for: MACAddress(derivedFrom: ["fuzz"]), in: net, reserved: [net.gateway], leases: known)
        #expect(address.map { net.subnet.contains($0) && $0 != net.gateway } ?? false, "seed \(seed): \(net)")
      }
    }
  }

  @Test func `a network whose subnet has no room for guests is no record`() throws {
    let file = try TemporaryFile()
    for length in [0, 15, 30, 31, 32] {
      let subnet = try #require(IPv4Subnet("192.168.1.0/\(length)"))
      let network = VirtualNetwork(
        name: "default", bridge: "swiftvm0", subnet: subnet, prefix6: nil, isIsolated: false,
        isTransient: true)
      let read: VirtualNetwork? = try Self.read(StateFolder.json(network), in: file)
      #expect(read == nil, "\(subnet)")
    }
  }

  private static func read<Record: Decodable>(_ text: some Sequence<UInt8>, in file: TemporaryFile) throws
    -> Record?
  {
    try file.resize(to: 0)
    try file.write(Array(text), at: 0)
    return StateFolder(path: "/nowhere").read(file.path)
  }

  private static func read<Record: Decodable>(_ text: String, in file: TemporaryFile) throws -> Record? {
    try read(text.utf8, in: file)
  }

  private static func record(_ random: inout SeededRandom) throws -> MachineRecord {
    var fuzzer = TextFuzzer(random: random)
    var record = MachineRecord(
      name: fuzzer.text(), process: try #require(ProcessIdentity.own),
      cpus: Int.random(in: 1...64, using: &random),
      memory: random.next(), console: fuzzer.text())
    for _ in 0..<Int.random(in: 0...3, using: &random) {
      record.cards.append(
        MachineRecord.Card(
          source: fuzzer.text(), network: Bool.random(using: &random) ? "default" : nil,
          bridge: Bool.random(using: &random) ? fuzzer.text() : nil, interface: fuzzer.text(),
          mac: fuzzer.text(),
          address: Bool.random(using: &random)
            ? IPv4Address(value: UInt32(truncatingIfNeeded: random.next())) : nil))
    }
    if Bool.random(using: &random) { record.virtioConsole = fuzzer.text() }
    record.published = [fuzzer.text()]
    random = fuzzer.random
    return record
  }
}
