internal import Testing

extension StockKernels {
  @Suite struct VirtioConsole {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    /// A guest whose terminal is hvc0, on standard input and output; what is typed goes to descriptor 4.
    private func session(bytes: Int, _ script: String) -> String {
      let guest = Guest(
        options: "--serial null --console stdio",
        arguments: "quiet console=hvc0 swiftvm.load=virtio_pci,virtio_console swiftvm.do=hvc "
          + "swiftvm.bytes=\(bytes)")
      // Opened for both, the pipe waits for no other end.
      return """
        mount -t debugfs debugfs /sys/kernel/debug 2> /dev/null
        mkfifo /tmp/typed
        exec 4<>/tmp/typed
        \(guest.session("rm /tmp/typed\nawait_prompt 'hvc# '\n\(script)", input: "/tmp/typed"))
        """
    }

    @Test func `hvc0 is a console to type at, and bulk output costs next to no exits`() async throws {
      let bytes = 1 << 20
      let outcome = try await l1.run(
        session(
          bytes: bytes,
          """
          type_slowly 'echo typed-$((6 * 7))' >&4
          printf '\\r' >&4
          await console '^typed-42'
          printf 'echo 9 > /proc/sys/kernel/printk; echo of the kernel > /dev/kmsg\\r' >&4
          await console '] of the kernel'
          count() { cat "/sys/kernel/debug/kvm/$vm"-*/"$1"; }
          all=$(count exits) ours=$(($(count io_exits) + $(count mmio_exits)))
          printf 'bulk\\r' >&4
          # not await, which reads the whole of it again and again
          until tail -c 100 console | grep -q '^bulk: done'; do
            kill -0 "$vm" || exit 98
            usleep 50000
          done
          all=$(($(count exits) - all)) ours=$(($(count io_exits) + $(count mmio_exits) - ours))
          printf 'poweroff -f\\r' >&4
          finish
          status=$?
          echo "test: exits $all"
          echo "test: exits to user space $ours"
          exit $status
          """))
      // Half a megabyte of the same line explains nothing.
      let comment = Comment(
        rawValue: outcome.error + outcome.lines.filter { !$0.hasPrefix("000") }.joined(separator: "\n"))
      #expect(outcome.status == 0, comment)
      // Once as the shell's echo, once as its answer.
      #expect(outcome.said("echo typed-$((6 * 7))"), comment)
      #expect(outcome.lines.contains("typed-42"), comment)
      let line = String(repeating: "0", count: 62) + "7"
      #expect(outcome.lines.count { $0 == line } == bytes / 64, comment)
      // A serial port takes one exit to user space a byte.
      let ours = try #require(
        outcome.lines(after: "test: exits to user space ").first.flatMap { Int($0) }, comment)
      #expect(ours <= bytes / 1000, comment)
      let all = try #require(outcome.lines(after: "test: exits ").first.flatMap { Int($0) }, comment)
      #expect(all > 0 && all <= bytes / 20, comment)
    }
  }
}
