internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// The bare-metal guests of guests/ on the KVM of the nested machine, which runs their code on its CPU: system calls
  /// that enter ring 0, doorbells that no vCPU leaves for, a card whose frames the kernel moves.
  @Suite struct Lessons {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    private static let script = """
      cp /host/bin/swiftvm /host/guests/build/*.elf /host/guests/build/*.bin /tmp
      cd /tmp
      run() { name=$1; shift; echo "lesson: $name"; ./swiftvm run -m 16 --boot-hint 0 "$@" </dev/null; echo "ended: $?"; }
      for lesson in serial protected; do run $lesson --flat $lesson.bin --on-reboot exit; done
      for lesson in paging exceptions timer user pci; do run $lesson -k $lesson.elf; done
      run processors -k processors.elf -c 2
      truncate -s 1M disk.img
      run virtio-blk -k virtio-blk.elf -d disk.img
      head -n 1 disk.img
      ip tuntap add tap7 mode tap
      ip address add 10.0.0.1/24 dev tap7
      ip link set tap7 up
      run hostile -k hostile.elf -d disk.img -n tap=tap7,vhost=off
      run hostile -k hostile.elf -n tap=tap7,vhost=on
      mkfifo said
      for vhost in off on; do
        ./swiftvm run -m 16 -k virtio-net.elf -n tap=tap7,vhost=$vhost > said &
        { read -r line; echo "$line"; busybox ping -c 5 -W 600 10.0.0.2; kill -INT $!; cat > /dev/null; } < said
        wait $!
        echo "ended: $?"
      done
      ip link del tap7
      """

    @Test func `every bare-metal guest does the same where its code runs on a CPU`() async throws {
      let outcome = try await l1.run(Self.script)
      #expect(outcome.lines(after: "ended: ") == Array(repeating: "0", count: 13), outcome.comment)
      for line in [
        "Hello from real mode", "found it at offset 0 of a segment",
        "read at     0x000000c0deadb000: 0x1122334455667788", "and a read gives 0x600df00d",
        "  it says: Hello from ring 3", "00:01.0 1af4:1044 other", "in whole steps, that makes 40000",
        "read: sector 2047 was written by a bare-metal guest", "sector 0 was written by a bare-metal guest",
      ] {
        #expect(outcome.said(line), outcome.comment)
      }
      let exceptions = outcome.lines(after: "  exception ").map { $0.prefix { $0 != "," } }
      #expect(exceptions == ["0", "6", "14", "14", "14", "13", "14"], outcome.comment)

      // A disk, two cards, and an entropy device in each of two machines.
      let tricks = outcome.lines.count { $0.hasSuffix(", then served") }
      #expect(tricks == 5 * 21, outcome.comment)
      let pings = outcome.lines.count { $0.contains("5 packets transmitted, 5 packets received") }
      #expect(pings == 2, outcome.comment)
    }
  }
}
