internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// virtio-net under Debian's own drivers, on TAPs of L1.
  @Suite struct Networks {
    let l1: NestedMachine

    init() async throws {
      l1 = try #require(NestedMachine.current)
      let outcome = try await Program.run("\(Repository.root)/Tests/Bed/network-initrd.sh", [])
      try #require(outcome.status == 0, "\(outcome.error)")
    }

    private func guest(
      _ options: String, kernel: Guest.Kernel = .cloud, cards: String = "0", steps: String
    ) -> Guest {
      Guest(
        kernel: kernel.bzImage, initrd: "/bed/guests/network.img", options: "-v \(options)",
        arguments: "quiet swiftvm.do=net swiftvm.cards=\(cards) swiftvm.steps=\(steps)")
    }

    /// L1's side, in a network namespace that ends with the job.
    private func script(_ lines: String...) -> String {
      """
      cat > /tmp/network.job <<'THE END'
      . /host/Tests/Bed/network.sh
      \(lines.joined(separator: "\n"))
      THE END
      # Room for what comes by UDP; not to be set in a namespace.
      echo 8388608 > /proc/sys/net/core/rmem_max
      unshare -n sh /tmp/network.job
      """
    }

    /// What the guest said of a card.
    private func about(_ card: Int, _ what: String, in outcome: Transcript) -> [Substring] {
      outcome.lines(after: "net: eth\(card) \(what) ")
    }

    /// Checks the steps about, ping, tcp, udp and iperf.
    private func check(_ card: Int, mtu: Int, _ outcome: Transcript) throws {
      let given = try #require(outcome.lines(after: "given ").first, outcome.comment)
      let datagrams = try #require(outcome.lines(after: "given datagrams ").first, outcome.comment)
      #expect(
        about(card, "mac", in: outcome).first?.hasSuffix(" mtu \(mtu) queues 1") == true, outcome.comment)
      #expect(about(card, "pings", in: outcome) == ["3 pieces 0"], outcome.comment)
      #expect(about(card, "sent", in: outcome).count == 1, outcome.comment)
      #expect(about(card, "arrived", in: outcome) == about(card, "sent", in: outcome), outcome.comment)
      #expect(about(card, "fetched", in: outcome) == [given], outcome.comment)
      #expect(about(card, "datagrams fetched", in: outcome) == [datagrams], outcome.comment)
      #expect(about(card, "datagrams sent", in: outcome).count == 1, outcome.comment)
      #expect(
        about(card, "datagrams arrived", in: outcome) == about(card, "datagrams sent", in: outcome),
        outcome.comment)
      for way in ["to", "from"] {
        // How many the receiver counts before the end differs.
        #expect(about(card, "iperf3 \(way)", in: outcome).first?.contains("Bytes") == true, outcome.comment)
      }
    }

    @Test func `what is sent arrives, by this process and by the kernel's worker`() async throws {
      let guest = guest(
        "-n tap=tap0,vhost=off,mac=02:00:00:00:00:aa -n tap=tap1,vhost=on", cards: "0,1",
        steps: "about,ping,tcp,udp,iperf,vlan,link,rebind")
      let links = [0, 1].map { card in
        """
        await console 'net: eth\(card) waits for the link to go'
        ip link set tap\(card) down
        await console 'net: eth\(card) link down'
        ip link set tap\(card) up
        """
      }
      let outcome = try await l1.run(
        script(
          "tap 0", "tap 1", "ip link set tap1 mtu 9000", "vlan 0", "vlan 1", "serve",
          guest.session(links.joined(separator: "\n"))))
      #expect(outcome.status == 0, outcome.comment)
      try check(0, mtu: 1500, outcome)
      try check(1, mtu: 9000, outcome)
      #expect(about(0, "mac", in: outcome).first?.hasPrefix("02:00:00:00:00:aa ") == true, outcome.comment)
      let given = try #require(outcome.lines(after: "given ").first, outcome.comment)
      for card in [0, 1] {
        #expect(about(card, "tagged pings", in: outcome) == ["3"], outcome.comment)
        #expect(about(card, "tagged fetched", in: outcome) == [given], outcome.comment)
        #expect(about(card, "link", in: outcome) == ["down", "up"], outcome.comment)
        #expect(about(card, "bound", in: outcome) == ["again", "again"], outcome.comment)
      }
      #expect(outcome.reported("frames go through this process"), outcome.comment)
      #expect(outcome.reported("mtu=9000, vhost-net"), outcome.comment)
    }

    @Test func `an owner without privilege uses the TAP, and one that was made goes with the machine`()
      async throws
    {
      let guest = guest("-n tap=tap0", steps: "about,ping,tcp,udp,iperf")
      let outcome = try await l1.run(
        script(
          "tap 0 user 1000", "serve", "chmod 666 /dev/kvm /dev/net/tun",
          "setpriv --reuid=1000 --regid=1000 --clear-groups \(guest.boot)", "echo \"ended: $?\"",
          "ip -o link show tap0 | grep -o NO-CARRIER",
          Guest(options: "-n tap=made,vhost=on -v", arguments: "quiet swiftvm.do=idle").session(
            """
            await console 'swiftvm-guest: up'
            ip link show made > /dev/null && echo 'made: there'
            kill -KILL $vm
            """), "ip link show made || echo 'made: gone'"))
      #expect(outcome.lines(after: "ended: ") == ["0"], outcome.comment)
      try check(0, mtu: 1500, outcome)
      // The workers are root's.
      #expect(outcome.reported("tap=tap0: /dev/vhost-net: Permission denied; doing without"), outcome.comment)
      #expect(outcome.said("NO-CARRIER"), outcome.comment)
      #expect(outcome.lines(after: "made: ") == ["there", "gone"], outcome.comment)
    }

    @Test func `every queue of several has work, by this process and by the kernel's workers`() async throws {
      let guest = guest(
        "-c 2 -n tap=tap0,vhost=off,queues=2 -n tap=tap1,vhost=on,queues=2", kernel: .generic, cards: "0,1",
        steps: "about,queues,tcp")
      let outcome = try await l1.run(
        script("tap 0 multi_queue", "tap 1 multi_queue", "serve", guest.boot), mayHang: true)
      #expect(outcome.status == 0, outcome.comment)
      let given = try #require(outcome.lines(after: "given ").first, outcome.comment)
      for card in [0, 1] {
        #expect(about(card, "mac", in: outcome).first?.hasSuffix("queues 2") == true, outcome.comment)
        let queues = about(card, "queues used:", in: outcome).first?.split(separator: " ")
        #expect(queues == ["input.0", "input.1", "output.0", "output.1"], outcome.comment)
        #expect(about(card, "arrived", in: outcome) == about(card, "sent", in: outcome), outcome.comment)
        #expect(about(card, "fetched", in: outcome) == [given], outcome.comment)
      }
    }

    @Test func `a guest that is reset in the midst of traffic finds its cards again`() async throws {
      let guest = guest(
        "-n tap=tap0,vhost=off -n tap=tap1,vhost=on", cards: "0,1", steps: "ping,tcp,traffic,reset")
      let outcome = try await l1.run(
        script(
          "tap 0", "tap 1", "serve",
          guest.session(
            """
            await console 'net: eth1 fetched ' 2
            kill -INT "$vm"
            """)))
      #expect(outcome.status == 0, outcome.comment)
      let given = try #require(outcome.lines(after: "given ").first, outcome.comment)
      #expect(outcome.said("net: eth0 resets"), outcome.comment)
      for card in [0, 1] {
        #expect(about(card, "pings", in: outcome) == ["3 pieces 0", "3 pieces 0"], outcome.comment)
        #expect(about(card, "arrived", in: outcome) == about(card, "sent", in: outcome), outcome.comment)
        #expect(about(card, "fetched", in: outcome) == [given, given], outcome.comment)
      }
    }
  }
}
