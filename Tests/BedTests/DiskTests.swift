internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// virtio-blk under Debian's own drivers.
  @Suite struct Disks {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    private func guest(
      _ disks: [String], cpus: Int = 1, kernel: Guest.Kernel = .cloud, _ arguments: String
    ) -> Guest {
      let options = disks.map { "-d \($0)" }.joined(separator: " ")
      return Guest(
        kernel: kernel.bzImage, options: "-c \(cpus) \(options)",
        arguments: "quiet swiftvm.load=virtio_pci,virtio_blk,ext4 \(arguments)")
    }

    struct Way: Sendable, CustomTestStringConvertible {
      let kernel: Guest.Kernel
      let options: String
      let directory: String

      var testDescription: String { "\(kernel), \(options) in \(directory)" }
    }

    static let ways = [
      Way(kernel: .cloud, options: "io=threads", directory: "/tmp"),
      Way(kernel: .generic, options: "io=uring", directory: "/tmp"),
      Way(kernel: .cloud, options: "cache=none", directory: "/share"),
      Way(kernel: .cloud, options: "queues=4,cache=unsafe", directory: "/tmp"),
    ]

    @Test(arguments: ways)
    func `what a guest writes is what it reads, and what the file has`(_ way: Way) async throws {
      let path = "\(way.directory)/a.img"
      let boot = guest(
        ["\(path),serial=first,\(way.options)", "/tmp/b.img,readonly=on,id=second"],
        cpus: way.options.contains("queues") ? 4 : 1, kernel: way.kernel,
        "swiftvm.do=disk swiftvm.write=vda swiftvm.sum=vdb swiftvm.fail=vdb"
      ).boot
      let outcome = try await l1.run(
        """
        truncate -s 8M \(path)
        dd if=/dev/urandom of=/tmp/b.img bs=1M count=2 status=none
        \(boot)
        echo "ended: $?"
        echo "first: $(sha256sum < \(path) | cut -d' ' -f1)"
        echo "second: $(sha256sum < /tmp/b.img | cut -d' ' -f1)"
        rm \(path)
        """, mayHang: way.options.contains("queues"))
      #expect(outcome.lines(after: "ended: ") == ["0"], outcome.comment)
      let queues = way.options.contains("queues") ? 4 : 1
      #expect(outcome.said("disk: vda sectors 16384 ro 0 queues \(queues) block"), outcome.comment)
      #expect(outcome.said("serial first"), outcome.comment)
      #expect(outcome.said("disk: vdb sectors 4096 ro 1 queues 1 block 512 serial second"), outcome.comment)
      let written = try #require(outcome.lines(after: "disk: written ").first, outcome.comment)
      let read = outcome.lines(after: "disk: read ").map { $0.split(separator: " ").last }
      #expect(read == [written, written, written, written], outcome.comment)
      #expect(outcome.lines(after: "first: ") == [written], outcome.comment)
      #expect(outcome.lines(after: "disk: sum ") == outcome.lines(after: "second: "), outcome.comment)
      let refused = outcome.lines(after: "disk: write to vdb ended with ")
      #expect(refused.count == 1 && refused != ["0"], outcome.comment)
    }

    @Test func `an ext4 file system keeps its files and gives back what is free`() async throws {
      let outcome = try await l1.run(
        """
        truncate -s 64M /tmp/a.img
        \(guest(["/tmp/a.img"], "swiftvm.do=files").boot)
        echo "ended: $?"
        echo "blocks: $(du -k /tmp/a.img | cut -f1)"
        rm /tmp/a.img
        """)
      #expect(outcome.lines(after: "ended: ") == ["0"], outcome.comment)
      #expect(outcome.said("files: the same"), outcome.comment)
      #expect(outcome.said("files: trimmed"), outcome.comment)
      // One of eight files of 512 KiB is left, and what the file system needs for itself.
      let blocks = try #require(outcome.lines(after: "blocks: ").first.flatMap { Int($0) }, outcome.comment)
      #expect(blocks < 7 * 512, outcome.comment)
    }

    @Test func `a guest that reboots in the midst of writing finds its disk again`() async throws {
      let outcome = try await l1.run(
        """
        truncate -s 8M /tmp/a.img
        \(guest(["/tmp/a.img,queues=2"], cpus: 2, "swiftvm.do=restart").boot)
        """)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.arrivals.count == 2, outcome.comment)
      #expect(outcome.said("restart: found"), outcome.comment)
    }

    @Test(arguments: ["io=threads", "io=uring"])
    func `killing the machine loses nothing that the guest was told is flushed`(_ way: String) async throws {
      let session = guest(["/tmp/a.img,\(way)"], "swiftvm.do=count")
      // Each round in a directory of its own, killed after another number.
      let rounds = [3, 8, 17].map { count in
        """
        (
        truncate -s 1M /tmp/a.img
        \(session.session(
          """
          await console 'count: ' \(count)
          kill -KILL "$vm"
          """))
        last=$(sed -n 's/^count: \\([0-9]*\\)\\r\\r*$/\\1/p' console | tail -n 1)
        number=1
        while [ "$number" -le "$last" ]; do
          found=$(dd if=/tmp/a.img bs=512 skip="$number" count=1 status=none | tr -d ' ')
          [ "$found" = "$number" ] || echo "lost: $number"
          number=$((number + 1))
        done
        # The machine may have been killed in the midst of a line.
        printf '\\nkept: %s\\n' "$last"
        rm /tmp/a.img
        )
        """
      }
      let outcome = try await l1.run(rounds.joined(separator: "\n"), seconds: 600)
      let kept = outcome.lines(after: "kept: ").compactMap { Int($0) }
      #expect(kept.count == 3, outcome.comment)
      for (count, floor) in zip(kept, [3, 8, 17]) { #expect(count >= floor, outcome.comment) }
      #expect(!outcome.said("lost: "), outcome.comment)
    }
  }
}
