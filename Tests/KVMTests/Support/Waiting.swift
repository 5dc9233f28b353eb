import Devices
import Glibc

/// What a guest should have done did not happen.
struct Hung: Error {}

extension EventDescriptor {
  /// Waits for a signal and takes it. The limit is there for a guest that hangs, far beyond what one needs.
  func wait(seconds: Int32 = 600) throws {
    let clock = HostClock()
    let end = clock.monotonicNanoseconds + UInt64(seconds) * 1_000_000_000
    while true {
      let now = clock.monotonicNanoseconds
      guard now < end else { throw Hung() }
      var event = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
      // One entry, as told. A signal ends the call early.
      let ready = unsafe poll(&event, 1, Int32(clamping: (end - now) / 1_000_000 + 1))
      if ready > 0, take() > 0 { return }
    }
  }
}
