internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// What Debian's own drivers do to virtio devices besides using them.
  @Suite struct Drivers {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    enum Interrupts: Sendable, CaseIterable {
      /// By pins that devices share, through _PRT and the I/O APIC.
      case pins
      case messages
    }

    private static let disks = ["vda", "vdb", "vdc", "vdd", "vde", "vdf", "vdg"]

    private func boot(_ interrupts: Interrupts) async throws -> Transcript {
      let images = Self.disks.map { "/tmp/\($0).img" }
      let guest = Guest(
        kernel: (interrupts == .pins ? Guest.Kernel.cloud : .generic).bzImage,
        options: images.map { "-d \($0)" }.joined(separator: " "),
        arguments: "quiet \(interrupts == .pins ? "pci=nomsi" : "") "
          + "swiftvm.load=virtio_pci,virtio_blk,virtio-rng swiftvm.do=drivers")
      return try await l1.run(
        """
        for image in \(images.joined(separator: " ")); do truncate -s 1M $image; done
        \(guest.boot)
        echo "ended: $?"
        head -c 262144 /tmp/vdb.img > /share/random
        rm \(images.joined(separator: " "))
        """)
    }

    @Test(arguments: Interrupts.allCases)
    func `devices work on pins and by messages, with drivers that come and go, wherever they are put`(
      _ interrupts: Interrupts
    ) async throws {
      let outcome = try await boot(interrupts)
      #expect(outcome.lines(after: "ended: ") == ["0"], outcome.comment)
      for disk in Self.disks { #expect(outcome.said("drivers: \(disk) works at first"), outcome.comment) }
      #expect(outcome.said("drivers: random 4096 bytes of virtio_rng.0"), outcome.comment)

      let used = outcome.lines(after: "drivers: interrupt ")
      let kind = interrupts == .pins ? "IO-APIC" : "PCI-MSI"
      #expect(used.count >= Self.disks.count, outcome.comment)
      #expect(used.allSatisfy { $0.contains(kind) }, outcome.comment)
      // The seventh disk shares a pin with the rng.
      #expect(used.contains { $0.contains(", virtio") } == (interrupts == .pins), outcome.comment)

      #expect(outcome.said("drivers: vda gone\r\n"), outcome.comment)
      #expect(outcome.said("drivers: vda works with its driver back"), outcome.comment)
      #expect(outcome.said("drivers: vda works with its transport's driver back"), outcome.comment)
      #expect(outcome.said("drivers: random again 64 bytes of virtio_rng.0"), outcome.comment)
      #expect(outcome.said("drivers: vda gone with its device"), outcome.comment)
      let places = try #require(outcome.lines(after: "drivers: moved from ").first, outcome.comment)
        .split(separator: " ")
      #expect(places.first != places.last, "it was not moved")
      #expect(outcome.said("drivers: vda works where it was moved"), outcome.comment)

      #expect(outcome.said("drivers: vdb filled"), outcome.comment)
      try await expectRandom(l1.share() + "/random")
    }

    /// FIPS 140-2 finds fault with 8 of 10000 blocks of good random bits. Of 104 blocks four are bad once in
    /// some 200000 times.
    private func expectRandom(_ path: String) async throws {
      let outcome = try await Program.run("bash", ["-c", "rngtest < \(path)"])
      func count(_ what: String) throws -> Int {
        let line = try #require(
          outcome.error.split(separator: "\n").first { $0.contains(what) }, "\(outcome.error)")
        return try #require(line.split(separator: " ").last.flatMap { Int($0) }, "\(line)")
      }
      #expect(try count("bits received") == 8 * 262_144)
      #expect(try count("FIPS 140-2 successes") >= 101, "\(outcome.error)")
      #expect(try count("FIPS 140-2 failures") <= 3, "\(outcome.error)")
    }
  }
}
