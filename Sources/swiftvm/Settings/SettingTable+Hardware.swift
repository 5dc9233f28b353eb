internal import Hypervisor

extension SettingTable {
  static let hardware = [
    Setting(
      "memory", short: "m", .hardware,
      .amount("SIZE") { plan, text throws(Failure) in
        plan.memory = try amount(text, of: "memory")
      } read: {
        "\(MemorySize(bytes: $0.memory))"
      },
      standard: "1G", help: "RAM: 512M, 2G; a bare number is MiB",
      manual: "RAM: `512M`, `2G`; a bare number counts MiB, in JSON too."),
    Setting(
      "cpus", short: "c", .hardware,
      .number("N", most: UInt64(Int.max)) {
        $0.cpus = Int($1)
      } read: {
        UInt64($0.cpus)
      },
      standard: "1", help: "vCPUs", manual: "vCPUs, up to what KVM allows."),
    Setting(
      "disk", short: "d", .hardware,
      .list("DISK") { plan, texts throws(Failure) in
        for text in texts { plan.disks.append(try DiskWish(text)) }
      } read: {
        $0.disks.map(\.text)
      },
      help: "PATH[,KEY=VALUE...], again for more: readonly,\nserial, queues, cache, io, discard, id, format",
      manual: """
        A disk, `PATH[,KEY=VALUE...]`: raw image or block device; again for more, in the guest's order (vda, vdb). \
        A disk is locked while a machine has it: alone where it may be written, with others where all only read. What \
        the host fails to do is an I/O error for the guest's one request, and a warning on standard error, one in ten \
        seconds. A comma in a path or value is written twice. The keys:
        * `readonly=on`: the guest may only read; several machines may share such a disk (`off`)
        * `serial=ID`: the serial number that the guest sees, up to 20 bytes of ASCII (the id, else empty)
        * `queues=N`: queues, each with a thread; one for each vCPU is plenty (`1`)
        * `cache=writeback`: the host's page cache; a guest's flush reaches the host's disk (fdatasync). The default
        * `cache=none`: no page cache (O_DIRECT); what is smaller than the host's blocks is read, changed and \
        written back
        * `cache=unsafe`: a guest's flush does nothing: for what can be lost when the host crashes
        * `io=auto`: `uring` where the host allows it, else `threads`; a file in memory (tmpfs) is copied from and to \
        at once. The default; `io=uring` and `io=threads` leave no choice
        * `discard=off`: the guest cannot give blocks back to the file (hole punching; `on`)
        * `id=NAME`: a name of the disk, one for each (none)
        * `format=raw`: takes the file as it is, though it looks like a qcow2, VDI, VMDK, VHDX, VHD or QED image
        """,
      path: PathUse(place: .head) { text in (try? DiskWish(text)).map { !$0.isReadOnly } ?? false },
      completion: .files),
    Setting(
      "fw-cfg", .hardware,
      .list("ITEM") { plan, texts throws(Failure) in
        for text in texts { plan.firmwareFiles.append(try FirmwareOption.file(text)) }
      } read: {
        $0.firmwareFiles.map(FirmwareOption.text)
      },
      help: "QEMU's fw_cfg: opt/NAME=VALUE or opt/NAME=@FILE",
      manual: """
        `NAME=VALUE` or `NAME=@FILE`: a file in QEMU's fw_cfg for the guest: a value, or a file's contents up to 1 MiB; \
        names are `opt/` and more, at most 55 characters; again for more.

        QEMU's fw_cfg (ports 0x510 and 0x511, without DMA) tells the guest its memory, the number of its processors \
        and these files; Linux shows them in /sys/firmware/qemu_fw_cfg (module qemu_fw_cfg).
        """,
      path: .read(.behindSign)),
    // Before the serial port: it may be on standard output.
    Setting(
      "console", .hardware,
      .text("TO") { plan, text throws(Failure) in
        plan.console = try target(text, of: "console")
        // There is one standard output, and it was asked for.
        if plan.console == .stdio { plan.serial = .null }
      } read: {
        $0.console.map { "\($0)" }
      },
      help: "A virtio console too, for -a console=hvc0; as --serial",
      manual: """
        A virtio console too, hvc0 to Linux, where `--serial` may lead; the kernel still talks to ttyS0: add \
        `-a console=hvc0`.
        """,
      path: .written(consolePlace), completion: consoleWords),
    Setting(
      "serial", .hardware,
      .text("TO") { plan, text throws(Failure) in
        plan.serial = try target(text, of: "serial")
      } read: {
        "\($0.serial)"
      },
      standard: "stdio", help: "stdio, pty, file=PATH, socket=PATH, null",
      manual: """
        Where the serial port leads: `stdio`, `pty`, `file=PATH`, `socket=PATH` (for processes of your own user, one \
        client at a time, who may come back) or `null`. The guest waits for whoever reads its standard output or a \
        `file=`, as a pager wants it, and for nobody else: where a socket or a pty takes nothing for a second, output \
        is dropped, and a line tells how much when it is read again.
        """,
      path: .written(consolePlace), completion: consoleWords),
    Setting(
      "no-rng", .hardware,
      .flag {
        $0.hasEntropy = !$1
      } read: {
        !$0.hasEntropy
      },
      help: "No virtio source of random numbers", manual: "Leaves the virtio source of random numbers out."),
    Setting(
      "debug-exit", .hardware,
      .amount("PORT") { plan, text throws(Failure) in
        plan.debugExit = try DebugExitOption.port(text)
      } read: {
        $0.debugExit.map(DebugExitOption.text)
      },
      help: "Port where a write of V ends it: status 2V+1",
      manual: """
        The guest's write of V to this port ends swiftvm at once with the low 8 bits of (V << 1) | 1, whatever that \
        means to the two of them. So test kernels made for QEMU's isa-debug-exit report their result; `0xf4` and \
        `0x501` are the usual ports. A port of another device is refused.
        """),
  ]

  private static let consolePlace = PathUse.Place.behind(["file=", "socket="], orWhole: false)
  private static let consoleWords = Setting.Completion.words(["stdio", "pty", "file=", "socket=", "null"])

  private static func target(_ text: String, of key: String) throws(Failure) -> ConsoleTarget {
    if let target = ConsoleTarget(text) { return target }
    throw Failure(
      .usage, "--\(key) \(text): no such target", hint: "use stdio, pty, file=PATH, socket=PATH or null")
  }

  /// Bytes.
  static func amount(_ text: String, of key: String) throws(Failure) -> UInt64 {
    if let size = MemorySize(text) { return size.bytes }
    throw Failure(
      .usage, "--\(key) \(text): not an amount of memory", hint: "write 512M or 2G; a bare number counts MiB")
  }
}
