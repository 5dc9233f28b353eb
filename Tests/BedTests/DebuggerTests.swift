internal import ProcessSupport
internal import Testing

extension StockKernels {
  /// The real gdb and stock kernels.
  ///
  /// QEMU's emulation of SVM neither arms the debug registers when a guest is entered nor lets INT3 leave it: L1's KVM
  /// cannot have breakpoints. They are tried on this machine's own KVM, which a stock kernel gets to start_kernel on even
  /// where its code is emulated; the rest of a boot is for L1.
  @Suite(.enabled(if: InstalledPrograms.include("gdb"), "needs gdb, which `make setup` installs"))
  struct Debugger {
    let l1: NestedMachine

    init() throws { l1 = try #require(NestedMachine.current) }

    /// The shell function that tells where L1's kernel, the generic one, has a symbol when it is not moved.
    private static let whereIs = """
      raw() { awk -v name="$1" '$3 == name { print "0x" $1; exit }' /proc/kallsyms; }
      whereis() { echo "(0xffffffff81000000 + $(raw "$1") - $(raw _text))"; }

      """

    @Test(.enabled(if: MachineTests.hasKVM, Comment(rawValue: MachineTests.noKVM)))
    func `a stock kernel stops at start_kernel, takes a step, and shows who called it`() async throws {
      let places = try await l1.run(Self.whereIs + "whereis start_kernel")
      let start = try #require(places.lines.first, places.comment)
      let outcome = try await Program.run(
        "bash",
        [
          "-c", Self.hostScript, "bash", "set $start = \(start)", "hbreak *$start", "continue",
          "print $pc == $start",
          "print/x *(long *)$rsp", "backtrace 2", "stepi", "print $pc != $start", "kill",
        ])
      let said = Comment(rawValue: outcome.output + outcome.error)
      #expect(outcome.output.contains("Breakpoint 1, 0xffffffff"), said)
      #expect(outcome.output.contains("$1 = 1\n"), said)
      let lines = outcome.output.split(separator: "\n")
      let caller = try #require(lines.first { $0.hasPrefix("$2 = ") }?.dropFirst(5), said)
      #expect(caller.hasPrefix("0xffffffff"), said)
      #expect(lines.contains { $0.hasPrefix("#1  \(caller) in ") }, said)
      #expect(outcome.output.contains("$3 = 1\n"), said)
      #expect(outcome.output.contains("ended: 0"), said)
    }

    /// Runs the generic kernel here and gdb with a command an argument.
    private static let hostScript = """
      . Tests/Bed/lib.sh
      folder=$(mktemp -d)
      trap 'rm -rf "$folder"' EXIT
      timeout 240 bin/swiftvm run -m 512 --gdb "unix=$folder/gdb" --gdb-wait --on-reboot exit \\
        -k "$bed/kernels/generic/vmlinux" </dev/null >/dev/null 2>"$folder/error" &
      while kill -0 $! && [ ! -e "$folder/gdb" ]; do sleep 0.1; done
      commands=()
      for command; do commands+=(-ex "$command"); done
      timeout 200 gdb -nx -batch -ex "target remote $folder/gdb" "${commands[@]}" 2>&1
      wait $!
      echo "ended: $?"
      cat "$folder/error" >&2
      """

    @Test func `a stock kernel is looked at before and after its boot, and goes on`() async throws {
      let made = try await Program.run("\(Repository.root)/Tests/Bed/gdb-in-l1.sh", [])
      try #require(made.status == 0, Comment(rawValue: made.error))
      let guest = Guest(
        kernel: Guest.Kernel.generic.vmlinux,
        options: "-c 2 -v --gdb unix=gdb --gdb-wait --shutdown-timeout 3600",
        arguments: "quiet swiftvm.do=button")
      let outcome = try await l1.run(
        Self.whereIs
          + guest.session(
            """
            await error 'the machine runs'
            debug() { /bed/debugger/gdb -nx -batch -ex 'set remotetimeout 60' -ex 'target remote gdb' "$@" 2>&1; }
            banner=$(whereis linux_banner)
            debug -ex 'print/x $efer' -ex "x/s $banner - 0xffffffff80000000" -ex 'stepi 10' -ex 'info threads' -ex detach
            await console 'waiting for the power button'
            debug -ex 'print/x $efer & 0x500' -ex "x/s $banner" -ex 'set $before = $pc' -ex 'stepi 3' \\
              -ex 'print $xmm0' -ex 'thread 2' -ex 'print (unsigned long)$pc > 0xffffffff81000000' -ex detach
            kill -TERM $vm
            """))
      #expect(outcome.status == 0, outcome.comment)
      #expect(outcome.output.contains("$1 = 0x0\n"), outcome.comment)
      #expect(outcome.output.contains("$1 = 0x500\n"), outcome.comment)
      #expect(outcome.lines.count { $0.contains("\"Linux version 6") } == 2, outcome.comment)
      #expect(outcome.said("Thread 2 (vCPU 1)"), outcome.comment)
      #expect(outcome.said("v4_float"), outcome.comment)
      #expect(outcome.output.contains("$3 = 1\n"), outcome.comment)
      #expect(outcome.said("power button"), outcome.comment)
      #expect(outcome.arrivals.first?.cpus == 2, outcome.comment)
      #expect(
        outcome.error.split(separator: "\n").count { $0.hasSuffix("gdb: the client left") } == 2,
        outcome.comment)
    }
  }
}
