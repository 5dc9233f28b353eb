internal import ArgumentParser

/// The options that describe a machine. Every one is optional here: a configuration file may say it.
struct RunOptions: ParsableArguments {
  @Option(name: .shortAndLong, help: ArgumentHelp("bzImage or ELF vmlinux", valueName: "file"))
  var kernel: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("Initial RAM disk", valueName: "file"))
  var initrd: String?

  @Option(help: ArgumentHelp("Boot sector, entered at 0x7c00 in real mode", valueName: "file"))
  var flat: String?

  @Option(
    name: [.short, .long, .customLong("cmdline"), .customLong("params")],
    help: ArgumentHelp("Add kernel arguments (again for more)", valueName: "args"))
  var append: [String] = []

  @Option(help: ArgumentHelp("Kernel arguments instead of the default ones", valueName: "args"))
  var appendOnly: String?

  @Option(
    name: .shortAndLong, help: ArgumentHelp("RAM: 512M, 2G; a bare number is MiB (1G)", valueName: "size"))
  var memory: String?

  @Option(name: .shortAndLong, help: ArgumentHelp("vCPUs (1)", valueName: "n"))
  var cpus: Int?

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      """
      Disk, again for more: PATH[,KEY=VALUE...]: readonly, \
      serial, queues, cache, io, discard, id, format
      """, valueName: "disk"))
  var disk: [String] = []

  @Option(help: ArgumentHelp("QEMU's fw_cfg: opt/NAME=VALUE or opt/NAME=@FILE", valueName: "item"))
  var fwCfg: [String] = []

  @Option(help: ArgumentHelp("stdio, pty, file=PATH, socket=PATH, null (stdio)", valueName: "to"))
  var serial: String?

  @Option(
    help: ArgumentHelp(
      "A virtio console too, for -a console=hvc0; as --serial",
      valueName: "to"))
  var console: String?

  @Flag(name: .customLong("no-rng"), help: "No virtio source of random numbers")
  var noRNG = false

  @Option(
    name: .shortAndLong,
    help: ArgumentHelp(
      """
      Card: none, nat[=NAME], user, bridge=NAME, tap=NAME, \
      fd=N; [,KEY=VALUE...]: mac, mtu, queues, vhost, id
      """, valueName: "card"))
  var net: [String] = []

  @Option(
    help: ArgumentHelp(
      "[HOST_IP:]HOST_PORT:GUEST_PORT[/udp], again for more", valueName: "ports"))
  var publish: [String] = []

  @Option(help: ArgumentHelp("The machine's name (vm1, vm2 and so on)", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("The guest's reboot: reset or exit (reset)", valueName: "what"))
  var onReboot: String?

  @Option(help: ArgumentHelp("Seconds from SIGTERM to a forced end (10)", valueName: "s"))
  var shutdownTimeout: UInt32?

  @Option(help: ArgumentHelp("Seconds of silence until a hint, 0: none (15)", valueName: "s"))
  var bootHint: UInt32?

  @Option(help: ArgumentHelp("Port where a write of V ends it: status 2V+1", valueName: "port"))
  var debugExit: String?

  @Flag(help: "Tell at the end and on SIGUSR1 of the vCPUs' exits")
  var exitStats = false

  @Option(
    help: ArgumentHelp("All events, for ui.perfetto.dev; --trace-limit (256M)", valueName: "file"))
  var trace: String?

  @Option(help: ArgumentHelp("Counters: JSON each second; unix=PATH: OpenMetrics", valueName: "to"))
  var metrics: String?

  @Option(help: ArgumentHelp("A picture (SVG) of where the boot's time goes", valueName: "file"))
  var bootChart: String?

  @Option(help: ArgumentHelp("Bytes at which the trace ends", valueName: "size", visibility: .hidden))
  var traceLimit: String?
  @Option(help: ArgumentHelp("PORT or unix=PATH for gdb; --gdb-wait: stop first", valueName: "at"))
  var gdb: String?

  @Flag(help: ArgumentHelp("Stop before the first instruction until gdb lets go", visibility: .hidden))
  var gdbWait = false

  /// What the flags say.
  var document: ConfigurationFile {
    var document = ConfigurationFile()
    document.kernel = kernel
    document.initrd = initrd
    document.flat = flat
    document.append = append.isEmpty ? nil : append
    document.appendOnly = appendOnly
    document.memory = memory.map(MemoryText.text)
    document.cpus = cpus
    document.disk = disk.isEmpty ? nil : disk
    document.fwCfg = fwCfg.isEmpty ? nil : fwCfg
    document.serial = serial
    document.console = console
    document.noRNG = noRNG ? true : nil
    document.net = net.isEmpty ? nil : net
    document.publish = publish.isEmpty ? nil : publish
    document.name = name
    document.onReboot = onReboot
    document.shutdownTimeout = shutdownTimeout
    document.bootHint = bootHint
    document.debugExit = debugExit
    document.exitStats = exitStats ? true : nil
    document.trace = trace
    document.metrics = metrics
    document.bootChart = bootChart
    document.traceLimit = traceLimit.map(MemoryText.text)
    document.gdb = gdb
    document.gdbWait = gdbWait ? true : nil
    return document
  }
}
