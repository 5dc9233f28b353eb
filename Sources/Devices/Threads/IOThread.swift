internal import CLinux
internal import Synchronization
public import SystemPackage

/// A thread with an event loop, where devices' workers live.
public final class IOThread: Sendable {
  private let mailbox: Mailbox
  private let thread: Mutex<HostThread?>

  /// Starts a thread called `name`.
  ///
  /// - Parameter isBatch: whether it waits for a CPU rather than take it from a thread that has it: for work of which
  ///   there is more a moment later.
  public init(name: String, isBatch: Bool = false) throws(Errno) {
    let mailbox = try Mailbox()
    self.mailbox = mailbox
    thread = Mutex(
      try HostThread(name: name) {
        if isBatch { clinux_batch_thread() }
        mailbox.run()
      })
  }

  deinit {
    stop()
  }

  /// Runs `job` on the thread, soon and in the order of the posts. After `stop` it is dropped.
  public func post(_ job: @escaping @Sendable (EventLoop) -> Void) {
    mailbox.post(job)
  }

  /// Carries out what was posted, then ends the thread and waits for that.
  ///
  /// On the thread itself, where a job may have held the last reference, it does not wait.
  public func stop() {
    mailbox.stop()
    if let running = thread.withLock({ $0.take() }) { running.join() }
  }
}

/// What an I/O thread is to do, and the loop that it does it on.
private final class Mailbox: Sendable {
  private struct Contents {
    var jobs: [@Sendable (EventLoop) -> Void] = []
    var isStopping = false
  }

  private let contents = Mutex(Contents())
  private let wake: EventDescriptor
  // Made here, where an error can be thrown; from then on used by `run`'s thread only.
  private nonisolated(unsafe) let loop: EventLoop
  // Whether there may be something in `contents`. Used by `run`'s thread only, as the loop is.
  private nonisolated(unsafe) var isAwake = false

  init() throws(Errno) {
    wake = try EventDescriptor()
    unsafe loop = try EventLoop()
    _ = try unsafe loop.watch(wake.number, for: .signal) { [unowned self] in unsafe isAwake = true }
  }

  func post(_ job: @escaping @Sendable (EventLoop) -> Void) {
    let isAccepted = contents.withLock { contents in
      if !contents.isStopping { contents.jobs.append(job) }
      return !contents.isStopping
    }
    if isAccepted { wake.signal() }
  }

  func stop() {
    contents.withLock { $0.isStopping = true }
    wake.signal()
  }

  func run() {
    var isStopping = false
    while !isStopping {
      // epoll_wait fails for no reason that waiting could mend.
      guard (try? unsafe loop.runOnce()) != nil else { return }
      guard unsafe isAwake else { continue }
      unsafe isAwake = false
      let jobs = contents.withLock { contents in
        isStopping = contents.isStopping
        defer { contents.jobs = [] }
        return contents.jobs
      }
      for job in jobs { job(unsafe loop) }
    }
  }
}

/// A value that belongs to one event loop's thread.
///
/// Whoever asks for it shows the loop, which exists on its thread only: an `EventLoop` cannot be sent.
public final class LoopBound<Value>: @unchecked Sendable {
  // Reached on the loop's thread only, as `with` asks for the loop.
  private var value: Value?

  public init() {}

  public func set(_ new: Value?, on loop: EventLoop) {
    value = new
  }

  public func get(on loop: EventLoop) -> Value? {
    value
  }
}
