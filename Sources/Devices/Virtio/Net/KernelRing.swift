internal import SystemPackage

/// A queue that the host's kernel serves, from the driver's notification to the interrupt.
final class KernelRing {
  private let index: Int
  private let vhost: VhostNet
  private let loop: EventLoop
  private let failed: SharedEvent
  private var watch: EventLoop.Watch?
  private var relay: PinRelay?

  /// Nil where the kernel does not take the queue: its interrupt does not come by message, or the driver
  /// broke the rules, which the server in this process will tell it.
  init?(
    _ index: Int, _ assignment: QueueAssignment, of vhost: VhostNet, tap: TapQueue, host: any DeviceHost,
    on loop: EventLoop
  ) {
    guard let message = assignment.interrupt.kernelEvent, let failed = try? SharedEvent(),
      // Checks size, alignment and place of the rings.
      (try? VirtQueue(assignment.configuration, features: [], memory: host.memory)) != nil
    else { return nil }
    self.index = index
    self.vhost = vhost
    self.loop = loop
    self.failed = failed
    do throws(Errno) {
      watch = try loop.watch(failed.event.number) { [unowned self] in
        stop()
        host.fail(.foundByKernel)
      }
      relay = try PinRelay(assignment.interrupt, message, on: loop)
      try vhost.start(
        index, assignment.configuration, memory: host.memory, kick: assignment.doorbell.event,
        call: message.event, failed: failed.event, tap: tap)
    } catch {
      stop()
      return nil
    }
  }

  /// No buffer is touched any more.
  func stop() {
    if let watch { loop.cancel(watch) }
    watch = nil
    vhost.stop(index)
    relay?.stop()
    relay = nil
  }
}
