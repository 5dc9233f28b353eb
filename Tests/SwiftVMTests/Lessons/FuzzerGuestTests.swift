import ProcessSupport
import Testing

/// A guest with two processors that attacks every device at once (guests/fuzzer), on a host that keeps count.
@Suite(.program, .kvm) struct FuzzerGuestTests {
  /// Runs a machine in a network namespace, where its card has traffic, and writes the most that it ever had of memory
  /// (KiB), descriptors and threads.
  private static let script = """
    export vm guests disk other seed; exec unshare -rn bash -c '
      PATH=$PATH:/usr/sbin:/sbin
      ip tuntap add tap0 mode tap && ip address add 10.0.0.1/24 dev tap0 && ip link set tap0 up || exit
      ip neigh add 10.0.0.2 lladdr 02:00:00:00:00:02 dev tap0
      $vm run -k $guests/fuzzer.elf -c 2 -m 16 --boot-hint 0 --console null -n tap=tap0 \\
        -d "$disk,queues=2" -d "$other,readonly=on,io=threads" -a "seed=$seed steps=6000" &
      machine=$!
      ping -q -f 10.0.0.2 >/dev/null 2>&1 &
      pings=$!
      memory=0 descriptors=0 threads=0
      while read -r -d "" _ 2>/dev/null </proc/$machine/cmdline; do
        while read -r key value _; do
          case $key in
            VmRSS:) ((value > memory && (memory = value))) ;;
            Threads:) ((value > threads && (threads = value))) ;;
          esac
        done 2>/dev/null </proc/$machine/status
        files=(/proc/$machine/fd/*)
        ((${#files[@]} > descriptors && (descriptors = ${#files[@]})))
        sleep 0.1
      done
      wait $machine
      status=$?
      kill $pings
      wait $pings 2>/dev/null
      echo "status $status memory $memory descriptors $descriptors threads $threads"'
    """

  @Test(.networkNamespace, arguments: [1, 2])
  func `devices serve after an attack by two processors, and take no more of the host than before`(
    seed: Int
  ) async throws {
    let scratch = try Scratch()
    let disk = try scratch.file("disk", [UInt8](repeating: 0, count: 1 << 20))
    let content = [UInt8](repeating: 0xA5, count: 1 << 20)
    let other = try scratch.file("other", content)
    let outcome = try await SwiftVMProgram.shell(
      "disk=\(disk) other=\(other) seed=\(seed)\n" + Self.script)
    let said = "\(outcome.output)\n\(outcome.error)"
    #expect(outcome.status == 0, "\(said)")
    #expect(outcome.error == "")
    #expect(!outcome.output.contains("not served"), "\(said)")
    #expect(outcome.output.contains("the other processor: worked\r\nthe end\r\n"), "\(said)")

    let counts = outcome.output.firstMatch(
      of: /(\d+) devices, (\d+) steps, (\d+) starts, (\d+) answers, (\d+) times/)
    #expect(counts?.1 == "5", "\(said)")
    #expect(counts?.2 == "6000", "\(said)")
    // It got through to the devices' work, and past it.
    #expect(counts.flatMap { Int($0.4) } ?? 0 > 100, "\(said)")
    #expect(counts.flatMap { Int($0.5) } ?? 0 > 10, "\(said)")

    let taken = try #require(
      outcome.output.firstMatch(of: /status (\d+) memory (\d+) descriptors (\d+) threads (\d+)/), "\(said)")
    #expect(taken.1 == "0", "\(said)")
    // The guest's 16 MiB, the program's own pages and some buffers.
    #expect(try #require(Int(taken.2)) < 64 << 10, "\(said)")
    #expect(try #require(Int(taken.3)) < 150, "\(said)")
    // Two vCPUs, one for each queue or device, and at most 16 for each of the two disks.
    #expect(try #require(Int(taken.4)) < 50, "\(said)")
    #expect(try scratch.content("other") == content)
    #expect(try scratch.content("disk").count == 1 << 20)
  }
}
