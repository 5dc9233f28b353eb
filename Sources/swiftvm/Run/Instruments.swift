internal import Devices
internal import Hypervisor
internal import SystemPackage

/// What looks on while machines run, as long as the session lives: a guest's reboot is seen by the same.
final class Instruments: Companion {
  /// Where the machines are to be seen; nil: nobody looks.
  let trace: Trace?
  private let file: TraceFile?
  private let chart: BootChart?
  private let drain: TraceDrain?
  private let metrics: Metrics?

  /// - Parameters:
  ///   - name: the machine's.
  ///   - disks: with the paths that people know them by.
  ///   - start: when swiftvm began, in nanoseconds of the monotonic clock.
  init(
    _ plan: MachinePlan, name: String, disks: [OpenedDisk],
    since start: UInt64,
    on loop: EventLoop
  ) throws(Failure) {
    let trace = Trace()
    file = try plan.trace.map { path throws(Failure) in
      TraceFile(
        try OutputFile(path, option: "--trace"), limit: plan.traceLimit ?? MachinePlan.usualTrace,
        trace: trace,
        name: name)
    }
    chart = try plan.bootChart.map { path throws(Failure) in
      BootChart(try OutputFile(path, option: "--boot-chart"), start: start)
    }
    // Before the drain, whose thread would be left where this fails.
    metrics = try plan.metrics.map { target throws(Failure) in
      try Metrics(target, disks: disks, on: loop)
    }
    let sinks = [file, chart].compactMap { (sink: (any TraceSink)?) in sink }
    do throws(Errno) {
      drain = sinks.isEmpty ? nil : try TraceDrain(trace, to: sinks)
    } catch {
      throw Failure(MachineError.host("the trace's thread", error))
    }
    self.trace = sinks.isEmpty ? nil : trace
  }

  /// A console's sink, or what listens there for marks of the boot and passes everything on.
  func listening(to sink: any ConsoleSink) -> any ConsoleSink {
    chart.map { ConsoleListener(on: sink, $0.marks) } ?? sink
  }

  /// From here on `machine`, which is about to run, is the one that is seen.
  func attach(_ machine: Machine) {
    file?.attach(machine.buses)
    chart?.begin(machine)
    metrics?.attach(machine)
  }

  /// The machine has ended.
  func detach(_ ending: MachineEnding?) {
    chart?.machineEnded()
    metrics?.detach()
  }

  /// Writes out what was seen. No machine may run any more.
  func end() {
    drain?.finish()
    metrics?.close()
  }
}
