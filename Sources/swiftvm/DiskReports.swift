internal import Devices
internal import Hypervisor
internal import SystemPackage

/// Tells people when disks fail: a line at once, and then one at most every ten seconds a disk.
final class DiskReports {
  private static let pause: UInt64 = 10_000_000_000
  private let clock = HostClock()
  private let loop: EventLoop
  private var watches: [EventLoop.Watch] = []
  private var lastLines: [UInt64?]

  init(_ disks: [(path: String, monitor: DiskMonitor)], on loop: EventLoop) throws(Errno) {
    self.loop = loop
    lastLines = disks.map { _ in nil }
    for (index, disk) in disks.enumerated() {
      watches.append(
        try loop.watch(disk.monitor.failed.number) { [unowned self] in
          disk.monitor.failed.take()
          tell(index, disk.path, disk.monitor)
        })
    }
  }

  func close() {
    for watch in watches { loop.cancel(watch) }
    watches = []
  }

  private func tell(_ index: Int, _ path: String, _ monitor: DiskMonitor) {
    let now = clock.monotonicNanoseconds
    if let last = lastLines[index], now &- last < Self.pause { return }
    guard let failure = monitor.lastFailure else { return }
    lastLines[index] = now
    StandardError.warn(
      """
      disk \(path): \(failure.operation) at \(failure.offset): \(failure.error); the guest was told \
      (\(monitor.counters.failures) request(s) failed so far)
      """)
  }
}
