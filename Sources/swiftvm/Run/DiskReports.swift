internal import Devices
internal import Hypervisor
internal import SystemPackage

/// Tells people when disks fail: a line at once, and then one at most every ten seconds a disk.
final class DiskReports: Companion {
  private static let pause: UInt64 = 10_000_000_000
  private let clock = HostClock()
  private let loop: EventLoop
  private var watches: [EventLoop.Watch] = []
  /// When something was said of a disk, by its key.
  private var lastLines: [String: UInt64] = [:]

  init(_ disks: [OpenedDisk], on loop: EventLoop) throws(Failure) {
    self.loop = loop
    for disk in disks {
      watches.append(
        try hosted("the event loop") { () throws(Errno) in
          try loop.watch(disk.monitor.failed.number) { [unowned self] in
            disk.monitor.failed.take()
            tell(disk)
          }
        })
    }
  }

  func end() {
    for watch in watches { loop.cancel(watch) }
    watches = []
  }

  private func tell(_ disk: OpenedDisk) {
    let now = clock.monotonicNanoseconds
    if let last = lastLines[disk.key], now &- last < Self.pause { return }
    guard let failure = disk.monitor.lastFailure else { return }
    lastLines[disk.key] = now
    StandardError.warn(
      """
      disk \(disk.path): \(failure.operation) at \(failure.offset): \(failure.error); the guest was told \
      (\(disk.monitor.counters.failures) request(s) failed so far)
      """)
  }
}
