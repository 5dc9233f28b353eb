internal import Devices
internal import Hypervisor
internal import SystemPackage

/// The numbers of the machine that runs, for those who watch it: each second into a file, or for whoever asks.
final class Metrics {
  private static let interval: UInt64 = 1_000_000_000

  private let disks: [OpenedDisk]
  private let loop: EventLoop
  private var machine: Machine?
  private var file: MetricsFile?
  private var socket: MetricsSocket?
  private let timer: Timer
  private var watch: EventLoop.Watch?

  init(
    _ target: MetricsTarget, disks: [OpenedDisk], on loop: EventLoop
  ) throws(Failure) {
    self.disks = disks
    self.loop = loop
    do throws(Errno) {
      timer = try Timer()
      watch = try loop.watch(timer.number) { [unowned self] in tick() }
    } catch {
      throw Failure(MachineError.host("the metrics' timer", error))
    }
    switch target {
    case .file(let path): file = try MetricsFile(path)
    case .socket(let path): socket = try MetricsSocket(path, on: loop) { [unowned self] in sample }
    }
  }

  private var sample: MetricsSample { MetricsSample(machine, disks: disks) }

  func attach(_ machine: Machine) {
    self.machine = machine
    if file != nil { timer.arm(nanoseconds: Self.interval) }
  }

  /// The machine has ended: its last numbers are told.
  func detach() {
    timer.arm(nanoseconds: 0)
    file?.write(sample)
    machine = nil
  }

  func close() {
    if let watch { loop.cancel(watch) }
    watch = nil
    socket?.close()
    socket = nil
  }

  private func tick() {
    timer.take()
    file?.write(sample)
    timer.arm(nanoseconds: Self.interval)
  }
}
