import CTestNetwork
import Glibc
import ProcessSupport
import SystemPackage
import Testing

/// Network cards that cannot be had. Each error names the card, and each hint what to do.
@Suite(.program, .kvm) struct BadNetworkTests {
  private func run(_ cards: [String]) async throws -> Program.Outcome {
    try await SwiftVMProgram.run(SwiftVMProgram.running("halt", cards.flatMap { ["-n", $0] }))
  }

  @Test(arguments: [
    ("tpa=x", "unknown key \"tpa\"", "did you mean \"tap\"?"),
    ("tap=x,vhost=maybe", "vhost=maybe: no such choice", "auto, on or off"),
    ("tap=x,queues=many", "queues=many is no number", "a whole number"),
    ("tap=x,queues=0", "queues=0: not from 1 to", "each vCPU"),
    ("tap=x,mtu=67", "mtu=67: not from 68", "1500"),
    ("tap=sixteen-bytes-xx", "tap=sixteen-bytes-xx: ", "ip tuntap list"),
    ("tap=a/b", "tap=a/b: no interface can have this name", "leave out"),
    ("tap=x,mac=02:00:00:00:00", "mac=02:00:00:00:00 is no MAC", "six two-digit"),
    ("tap=x,mac=02:00:00:00:00:0g", "mac=02:00:00:00:00:0g is no MAC", "six two-digit"),
    ("tap=x,mac=01:00:5e:00:00:01", "mac=01:00:5e:00:00:01: a multicast address", "first byte even"),
    ("tap=x,mac=00:00:00:00:00:00", "mac=00:00:00:00:00:00: not an address", "leave mac out"),
    ("fd=99", "fd=99 is not open", "leave it open"), ("fd=0", "fd=0 is no TAP", "TUNSETIFF"),
    ("fd=3,queues=2", "an inherited descriptor is one queue", "tap=NAME"),
  ])
  func `what no card can be`(card: String, error: String, hint: String) async throws {
    expectFailure(try await run([card]), status: 2, error: "--net: \(error)", hint: hint)
  }

  @Test func `cards that cannot be together`() async throws {
    expectFailure(
      try await run(["tap=x", "tap=x"]), status: 2, error: "tap=x given to two cards", hint: "of its own")
    expectFailure(
      try await run(["tap=x,mac=02:00:00:00:00:01", "tap=y,mac=02:00:00:00:00:01"]), status: 2,
      error: "mac=02:00:00:00:00:01 given to two cards", hint: "leave mac out")
    expectFailure(
      try await run((0..<9).map { "tap=t\($0)" }), status: 2,
      error: "9 network cards asked for, a machine has room for 8", hint: "VLANs")
  }

  @Test(.networkNamespace) func `a TAP of other flags than asked for, or no TAP`() async throws {
    for (card, error, hint) in [
      ("tap=wide", "the TAP wide was made with multi_queue", "queues=2"),
      ("tap=narrow,queues=2", "the TAP narrow was made for one queue", "multi_queue"),
      ("tap=lo", "lo is an interface, but no TAP", "bridge"),
    ] {
      let outcome = try await SwiftVMProgram.inNamespace(
        """
        ip tuntap add wide mode tap multi_queue
        ip tuntap add narrow mode tap
        # Held by somebody: else the kernel would take the other flags.
        $vm run -v -m 16 --flat $guests/silent.bin -n tap=narrow > /dev/null 2> >(grep -m 1 'machine runs' > $scratch/runs) &
        until [ -s $scratch/runs ]; do sleep 0.05; done
        $vm run -m 16 --flat $guests/halt.bin -n \(card)
        """)
      expectFailure(outcome, status: 2, error: "--net: \(error)", hint: hint)
    }
  }

  @Test(.networkNamespace) func `a TAP that is not there, somebody else's, or in use`() async throws {
    let weak = "setpriv --bounding-set -net_admin --inh-caps -net_admin"
    expectFailure(
      try await SwiftVMProgram.inNamespace("\(weak) $vm run -m 16 --flat $guests/halt.bin -n tap=none"),
      status: 2, error: "--net: there is no TAP none, and you may not make one",
      hint: "ip tuntap add none mode tap user")
    expectFailure(
      try await SwiftVMProgram.inNamespace(
        """
        ip tuntap add theirs mode tap user 65534
        \(weak) $vm run -m 16 --flat $guests/halt.bin -n tap=theirs
        """),
      status: 2, error: "--net: the TAP theirs is not yours", hint: "its owner is set when it is made")
    expectFailure(
      try await SwiftVMProgram.inNamespace(
        """
        $vm run -v -m 16 --flat $guests/silent.bin -n tap=used > /dev/null 2> >(grep -m 1 'machine runs' > $scratch/runs) &
        until [ -s $scratch/runs ]; do sleep 0.05; done
        $vm run -m 16 --flat $guests/halt.bin -n tap=used
        """),
      status: 2, error: "--net: another process uses the TAP used", hint: "a TAP of its own")
  }

  @Test(.networkNamespace) func `an MTU that may not be set`() async throws {
    expectFailure(
      try await SwiftVMProgram.inNamespace(
        """
        ip tuntap add mine mode tap user 0
        setpriv --bounding-set -net_admin --inh-caps -net_admin \
          $vm run -m 16 --flat $guests/halt.bin -n tap=mine,mtu=9000
        """),
      status: 2, error: "mine: its MTU is 1500 and cannot be set to 9000", hint: "ip link set mine mtu 9000")
  }

  @Test(.networkNamespace) func `a descriptor whose TAP has no virtio header`() throws {
    // Not close-on-exec, as whoever hands a descriptor down leaves it.
    let kept = unsafe ctest_attach_tun("swiftvm-bare", Int32(CTEST_IFF_TAP | CTEST_IFF_NO_PI))
    try #require(kept >= 0)
    let inherited = dup(kept)
    close(kept)
    defer { close(inherited) }
    let program = try SwiftVMProgram.start("halt", ["-n", "fd=\(inherited)"])
    #expect(try program.waitForEnd() == 2)
    #expect(program.error.contains("error: --net: the TAP of fd=\(inherited) has the wrong flags"))
    #expect(program.error.contains("hint: attach it with IFF_TAP, IFF_NO_PI and IFF_VNET_HDR"))
  }
}
