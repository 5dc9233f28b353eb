internal import Hypervisor

extension SettingTable {
  static let view = [
    Setting(
      "exit-stats", .view,
      .flag {
        $0.hasExitStatistics = $1
      } read: {
        $0.hasExitStatistics
      },
      help: "Tell at the end and on SIGUSR1 of the vCPUs' exits",
      manual: """
        Tells on standard error, at the end and on SIGUSR1, what the vCPUs left the guest for: how often, how long, \
        and at which addresses.
        """),
    Setting(
      "trace", .view,
      .text("FILE") {
        $0.trace = $1
      } read: {
        $0.trace
      },
      help: "All events, for ui.perfetto.dev; --trace-limit (256M)",
      manual: """
        Writes every exit and what devices do, for ui.perfetto.dev; `swiftvm trace show` prints the file as text.
        """,
      path: .written(.whole), completion: .files),
    Setting(
      "trace-limit", .view,
      .amount("SIZE") { plan, text throws(Failure) in
        plan.traceLimit = try amount(text, of: "trace-limit")
      } read: {
        $0.traceLimit.map { "\(MemorySize(bytes: $0))" }
      },
      standard: "256M", help: nil, manual: "The size of the trace's file at which it ends, as `-m` takes it."),
    Setting(
      "metrics", .view,
      .text("TO") { plan, text throws(Failure) in
        guard let target = MetricsTarget(text) else {
          throw Failure(.usage, "--metrics \(text): no such target", hint: "use FILE or unix=PATH")
        }
        plan.metrics = target
      } read: {
        $0.metrics.map { "\($0)" }
      },
      help: "Counters: JSON each second; unix=PATH: OpenMetrics",
      manual: """
        Counters: `FILE` gets a line of JSON each second, `unix=PATH` gives them as OpenMetrics to processes of your \
        own user.
        """,
      path: .written(.behind(["unix="], orWhole: true)), completion: .files),
    Setting(
      "boot-chart", .view,
      .text("FILE") {
        $0.bootChart = $1
      } read: {
        $0.bootChart
      },
      help: "A picture (SVG) of where the boot's time goes",
      manual: "Draws where the boot's time went, as SVG.", path: .written(.whole), completion: .files),
    Setting(
      "gdb", .view,
      .amount("AT") { plan, text throws(Failure) in
        guard let address = DebuggerAddress(text) else {
          throw Failure(
            .usage, "--gdb \(text): neither a port nor a socket",
            hint: "write a port from 1 to 65535 of the loopback address, or unix=PATH")
        }
        plan.debugger = address
      } read: {
        $0.debugger.map { "\($0)" }
      },
      help: "PORT or unix=PATH for gdb; --gdb-wait: stop first",
      manual: "gdb may connect: to a `PORT` of 127.0.0.1, or to `unix=PATH`, a socket for your own user.",
      path: .written(.behind(["unix="], orWhole: false)), completion: .words(["1234", "unix="])),
    Setting(
      "gdb-wait", .view,
      .flag {
        $0.waitsForDebugger = $1
      } read: {
        $0.waitsForDebugger
      }, help: nil,
      manual: "The guest waits for gdb before its first instruction."),
  ]
}
