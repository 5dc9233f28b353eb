import ProcessSupport
import Testing

/// TAPs beside the machines that use them: who may, what is left behind, and the address of the card.
@Suite(.program, .kvm, .networkNamespace) struct TapLifeTests {
  /// A line of shell that starts a machine which stays, in the background, and waits until it runs.
  private func start(_ card: String, by prefix: String = "") -> String {
    """
    : > $scratch/said
    \(prefix) $vm run -v -m 16 --flat $guests/silent.bin -n \(card) > /dev/null 2> $scratch/said & machine=$!
    until grep -q 'the machine runs' $scratch/said; do kill -0 $machine || exit 9; sleep 0.05; done
    """
  }

  @Test(arguments: ["INT", "KILL"])
  func `a TAP that the machine made is up while it runs, and gone after`(signal: String) async throws {
    let outcome = try await SwiftVMProgram.inNamespace(
      """
      \(start("tap=made,queues=2"))
      ip -o link show made | grep -o ',UP'
      kill -\(signal) $machine
      wait $machine
      ip link show made
      """)
    #expect(outcome.output == ",UP\n")
    #expect(outcome.error.contains("\"made\" does not exist"), "\(outcome.error)")
  }

  @Test(arguments: ["INT", "KILL"])
  func `a TAP of its owner needs no privilege, and stays`(signal: String) async throws {
    // An ordinary process: without a single right of root's, with its own group and KVM's.
    let owner = "setpriv --bounding-set=-all --inh-caps=-all --ambient-caps=-all"
    let outcome = try await SwiftVMProgram.inNamespace(
      """
      ip tuntap add owned mode tap user $(id -u)
      ip link set owned up
      \(start("tap=owned", by: owner))
      ip -o link show owned | grep -o 'LOWER_UP'
      kill -\(signal) $machine
      wait $machine
      ip -o link show owned | grep -o 'NO-CARRIER'
      """)
    #expect(outcome.output == "LOWER_UP\nNO-CARRIER\n", "\(outcome.error)")
  }

  @Test func `a card keeps its address, another has another, and both are assigned locally`() async throws {
    let cards = ["tap=a", "tap=a", "tap=b"]
    let outcome = try await SwiftVMProgram.inNamespace(
      cards.map { card in
        """
        \(start(card))
        sed -n 's/.* mac=\\([^,]*\\),.*/\\1/p' $scratch/said
        kill -INT $machine
        wait $machine
        """
      }.joined(separator: "\n"))
    let addresses = outcome.output.split(separator: "\n")
    try #require(addresses.count == 3, "\(outcome.error)")
    #expect(addresses[0] == addresses[1])
    #expect(addresses[0] != addresses[2])
    for address in addresses {
      let first = try #require(UInt8(address.prefix(2), radix: 16))
      // Bit 1: assigned locally. Bit 0: a group's.
      #expect(first & 3 == 2)
    }
  }
}
