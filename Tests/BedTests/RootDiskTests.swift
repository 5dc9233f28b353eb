internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// Root file systems on GPT partitions of virtio disks, found by an initrd of dracut's, as EL
  /// distributions do it; and fio in them, which finds everything that it wrote by checksum.
  @Suite struct RootDisks {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    struct Root: Sendable, CustomTestStringConvertible {
      let fileSystem: String
      /// Options of the root disk, and of the one that fio works on.
      let root: String
      let data: String
      let cpus: Int
      /// Says on the host whether the partition is in order.
      let check: String

      var testDescription: String { "\(fileSystem), \(root) and \(data), \(cpus) vCPU(s)" }
    }

    static let roots = [
      Root(
        fileSystem: "ext4", root: "io=uring", data: "queues=2,io=uring", cpus: 2, check: "e2fsck -fn"),
      Root(
        fileSystem: "xfs", root: "io=threads,cache=none", data: "serial=data", cpus: 2,
        check: "xfs_repair -n -f"),
    ]

    @Test(arguments: roots)
    func `a distribution's way to its root, and fio finds all that it wrote`(_ root: Root) async throws {
      try await boot(root)
    }

    @Test(.manyProcessors) func `four processors have a queue each`() async throws {
      try await boot(
        Root(fileSystem: "ext4", root: "io=uring", data: "queues=4,io=uring", cpus: 4, check: "e2fsck -fn"))
    }

    private func boot(_ root: Root) async throws {
      let share = try await l1.share()
      let image = "root-\(root.fileSystem).img"
      let boot = Guest(
        kernel: Guest.Kernel.generic.bzImage, initrd: "/bed/guests/dracut.img",
        options: "-c \(root.cpus) -d /share/\(image),\(root.root) -d /tmp/data.img,\(root.data)",
        arguments: """
          quiet root=PARTLABEL=root rw systemd.show_status=0 rd.shell=0 rd.emergency=poweroff \
          swiftvm.do=fio swiftvm.disk=vdb
          """
      ).boot
      // A hung guest's L1 is started afresh, with an empty /share: so each attempt has its own copy.
      let outcome = try await l1.run(
        """
        cp /bed/guests/\(image) /share/\(image) || exit 1
        truncate -s 32M /tmp/data.img
        \(boot)
        status=$?
        rm /tmp/data.img
        exit $status
        """, mayHang: root.cpus > 2)
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.said("swiftvm-guest: up \(root.cpus) cpus"), outcome.comment)
      #expect(outcome.said("swiftvm-guest: root /dev/vda1 \(root.fileSystem)"), outcome.comment)
      #expect(
        outcome.said("swiftvm-guest: queues \(root.data.contains("queues=") ? root.cpus : 1)"),
        outcome.comment)
      #expect(outcome.said("swiftvm-guest: fio: done"), outcome.comment)
      // Eight jobs, and each read and wrote.
      #expect(
        outcome.lines.count { $0.wholeMatch(of: /fio: .* (read|write): IOPS.*/) != nil } == 16,
        outcome.comment)

      let partition = "tail -c +$((1048576 + 1)) \(share)/\(image) > \(share)/partition"
      let check = try await Program.run(
        "bash",
        [
          "-c",
          "PATH=$PATH:/usr/sbin; \(partition); \(root.check) \(share)/partition; status=$?; rm \(share)/partition \(share)/\(image); exit $status",
        ])
      #expect(check.status == 0, "\(check.output)\(check.error)")
    }
  }
}
