internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// Disks whose host fails them, under a stock kernel.
  @Suite struct DiskFailures {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    /// Makes, in L1, disks of 8 MiB: a file on a full file system, one that is cut in half, one that is removed, a
    /// device that is taken away, and one with bad sectors from 4 MiB on.
    private static let disks = """
      modules=$(ls -d /bed/kernels/generic/lib/modules/*)/kernel
      insmod "$modules/fs/configfs/configfs.ko"
      insmod "$modules/drivers/block/null_blk/null_blk.ko" nr_devices=0
      mount -t configfs config /sys/kernel/config
      for device in lost bad; do
        mkdir /sys/kernel/config/nullb/$device
        cd /sys/kernel/config/nullb/$device
        echo 8 > size
        echo 1 > memory_backed
        [ $device = lost ] || echo +8192-8319 > badblocks
        echo 1 > power
      done
      mkdir /tmp/full
      mount -t tmpfs -o size=1M full /tmp/full
      truncate -s 8M /tmp/full/full.img /tmp/cut.img /tmp/removed.img
      """

    @Test func `what the host cannot do fails that request, is told once, and the guest goes on`()
      async throws
    {
      let paths = ["/tmp/full/full.img", "/tmp/cut.img", "/tmp/removed.img", "/dev/lost", "/dev/bad"]
      let ways = ["io=uring", "io=threads", "io=uring", "io=uring", "io=uring,cache=none"]
      let guest = Guest(
        options: zip(paths, ways).map { "-d \($0),\($1)" }.joined(separator: " "),
        arguments: "quiet swiftvm.load=virtio_pci,virtio_blk swiftvm.do=faults")
      let outcome = try await l1.run(
        """
        \(Self.disks)
        mkfifo /tmp/typed
        exec 4<>/tmp/typed
        \(guest.session(
          """
          await console 'faults: ready'
          dd if=/dev/zero of=/tmp/full/rest bs=64k count=15 2> /dev/null
          truncate -s 4M /tmp/cut.img
          rm /tmp/removed.img
          echo 0 > /sys/kernel/config/nullb/lost/power
          echo go >&4
          """, input: "/tmp/typed"))
        """)
      #expect(outcome.status == 0, outcome.comment)
      let results = outcome.lines(after: "faults: vd").map(String.init)
      func ends(_ disk: Character, _ expected: [Bool]) {
        let found = results.filter { $0.first == disk }
        #expect(found.map { $0.hasSuffix(" 0") } == expected, outcome.comment)
      }
      // Writing and reading at the start, then at 4 MiB.
      ends("a", [true, true, false, true])
      ends("b", [true, true, true, true])
      ends("c", [true, true, true, true])
      ends("d", [false, false, false, false])
      ends("e", [true, true, false, false])
      // The first failure of each disk is told, and no other within ten seconds.
      for path in [paths[0], paths[3], paths[4]] {
        let told = outcome.error.split(separator: "\n").count { $0.contains("warning: disk \(path): ") }
        #expect((1...3).contains(told), outcome.comment)
      }
      #expect(outcome.reported("No space left on device; the guest was told"), outcome.comment)
      #expect(outcome.reported("Input/output error; the guest was told"), outcome.comment)
    }
  }

  /// What a guest was told to be flushed is on the host's disk, not in the host's memory.
  @Suite struct PowerCut {
    @Test func `a power cut of the host loses nothing that the guest was told is flushed`() async throws {
      let share = try await #require(NestedMachine.current).share()
      let disks = ["kept", "unsafe"].map { "\(share)/\($0).img" }
      var outcome = try await cutPower(disks)
      if outcome.error.contains("L1 panicked") {
        print("L1's own kernel panicked before its power was cut: once more.\n\(outcome)")
        outcome = try await cutPower(disks)
      }
      let told = try #require(outcome.lines(after: "count: ").compactMap { Int($0) }.max(), outcome.comment)
      #expect(told >= 25)
      let kept = try await numbers(on: disks[0])
      #expect(kept.isSuperset(of: 1...told), "told \(told), kept \(kept.sorted())")
      // So that this test can fail: a disk whose flushes do nothing lost some.
      let unsafe = try await numbers(on: disks[1])
      #expect(!unsafe.isSuperset(of: 1...told))
    }

    /// Has a guest write and flush on both disks, emptied before, until its host is gone.
    private func cutPower(_ disks: [String]) async throws -> Transcript {
      for size in ["0", "4M"] {
        let made = try await Program.run("truncate", ["-s", size] + disks)
        #expect(made.status == 0)
      }
      let host = NestedMachine(
        name: "power", options: ["--memory", "1536"] + disks.flatMap { ["--disk", $0] })
      try await host.start()
      let guest = Guest(
        options: "-d /dev/vda -d /dev/vdb,cache=unsafe",
        arguments: "quiet swiftvm.load=virtio_pci,virtio_blk swiftvm.do=count swiftvm.disks=vda,vdb")
      do {
        // No caches are written by this: it is as if the plug were pulled.
        let outcome = try await host.runToDeath(
          guest.session("await console 'count: ' 25\nsleep 1\necho b > /proc/sysrq-trigger\nsleep 60"))
        await host.stop()
        return outcome
      } catch {
        await host.stop()
        throw error
      }
    }

    /// The numbers that stand in their sectors.
    private func numbers(on path: String) async throws -> Set<Int> {
      let script =
        "for number in $(seq 1 400); do dd if=\(path) bs=512 skip=$number count=1 status=none | tr -d ' \\0'; done"
      let found = try await Program.run("bash", ["-c", script])
      return Set(found.output.split(separator: "\n").compactMap { Int($0) })
    }
  }
}
