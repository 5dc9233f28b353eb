internal import CLinux
internal import Devices
internal import SystemPackage

/// Stops a vCPU whose guest comes to no end, as one does whose instruction this KVM carries out over and over.
struct Watchdog: ~Copyable {
  private let isDone: SharedEvent
  private let hasBitten: OverFlag
  private let thread: HostThread

  /// - Parameter seconds: how long the guest may take.
  init(over handle: VCPUHandle, seconds: Int32) throws(Errno) {
    let isDone = try SharedEvent()
    let hasBitten = OverFlag()
    thread = try HostThread(name: "bench-watch") {
      var event = pollfd(fd: isDone.event.number, events: Int16(POLLIN), revents: 0)
      // One entry, as told; no signal reaches this thread.
      guard unsafe poll(&event, 1, seconds * 1000) == 0 else { return }
      hasBitten.raise()
      handle.ask(VCPUHandle.Request.stop)
    }
    self.isDone = isDone
    self.hasBitten = hasBitten
  }

  /// Ends the watch.
  /// - Returns: whether the guest was stopped.
  consuming func end() -> Bool {
    isDone.event.signal()
    thread.join()
    return hasBitten.isUp
  }
}
