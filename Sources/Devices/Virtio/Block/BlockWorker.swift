internal import SystemPackage

/// Works on one queue of a block device, on its event loop: requests go to the disk as they come and
/// back to the driver as they complete.
///
///              queue fault                          stop
///     working ────────────> failed ───────────────────────────┐
///        │                                                     v
///        └──────────────────────── stop ──────────────────> draining ──> stopped, `done` called
///
/// After a fault the rings and the guest's buffers are left alone, but by requests that are still with
/// the disk. Draining waits for those, and gives their chains back where there was no fault: they may
/// have been overtaken by others, so that the queue could not be begun anew in the midst of them.
final class BlockWorker {
  private enum State {
    case working
    case failed
    case draining
  }

  private var queue: BlockQueue
  private var state = State.working
  private var onDrained: [() -> Void] = []

  private let assignment: QueueAssignment
  private let host: any DeviceHost
  private let loop: EventLoop
  private let disk: BlockTarget
  private var watch: EventLoop.Watch?

  /// Nil where the queue cannot run; the host was told then.
  init?(
    _ assignment: QueueAssignment, features: VirtioFeatures, host: any DeviceHost, disk: BlockTarget,
    on loop: EventLoop
  ) {
    do throws(QueueFault) {
      queue = try BlockQueue(
        assignment.configuration, features: features, memory: host.memory, trace: assignment.trace)
    } catch {
      host.fail(error)
      return nil
    }
    self.assignment = assignment
    self.host = host
    self.loop = loop
    self.disk = disk
    watch = try? loop.watch(assignment.doorbell.event.number, for: .signal) { [unowned self] in serve() }
    // The driver may have filled the queue before it was ready.
    serve()
  }

  private func serve() {
    guard state == .working else { return }
    let start = assignment.trace.now
    defer { assignment.trace.served(since: start) }
    do throws(QueueFault) {
      try queue.serve(disk)
    } catch {
      publish()
      queue.abandon()
      state = .failed
      stopWatching()
      return host.fail(error)
    }
    publish()
    if queue.rest() { assignment.doorbell.event.signal() }
  }

  func completionsArrived() {
    queue.takeCompletions(disk)
    publish()
    guard state == .working else { return finishDraining() }
    if queue.isStalled { serve() }
  }

  private func publish() {
    if queue.publish() { assignment.interrupt.signal() }
  }

  // MARK: The end

  /// Takes no more requests, and calls `done` when none is with the disk any more: now or later.
  func stop(_ done: @escaping () -> Void) {
    stopWatching()
    state = .draining
    onDrained.append(done)
    finishDraining()
  }

  private func stopWatching() {
    if let watch { loop.cancel(watch) }
    watch = nil
  }

  private func finishDraining() {
    guard state == .draining, queue.isIdle else { return }
    let callbacks = onDrained
    onDrained = []
    for done in callbacks { done() }
  }
}
