internal import CLinux
public import SystemPackage

/// A pthread that runs one closure. Joined by whoever made it. No signal from outside reaches it: these are for
/// the main thread to take, whether it began to before or after this thread was made.
///
/// Plain threads and not Swift tasks: KVM ties a vCPU to its thread, and a worker that waits in the
/// kernel would starve a task's executor.
@safe
public struct HostThread: ~Copyable {
  private let thread: pthread_t

  private final class Body {
    let name: String
    let run: @Sendable () -> Void

    init(name: String, run: @escaping @Sendable () -> Void) {
      self.name = name
      self.run = run
    }
  }

  /// Starts a thread called `name` (15 bytes at most are kept) that runs `body`.
  public init(name: String, _ body: @escaping @Sendable () -> Void) throws(Errno) {
    let unmanaged = unsafe Unmanaged.passRetained(Body(name: name, run: body))
    var thread = pthread_t()
    var mask = sigset_t()
    // Both calls use the local set only.
    unsafe clinux_block_signals(&mask)
    defer { unsafe clinux_restore_signals(&mask) }
    let result = unsafe pthread_create(
      &thread, nil,
      { pointer in
        guard let pointer = unsafe pointer else { return nil }
        // Retained for this thread by the line that made it.
        let body = unsafe Unmanaged<Body>.fromOpaque(pointer).takeRetainedValue()
        unsafe clinux_name_thread(body.name)
        body.run()
        return nil
      }, unmanaged.toOpaque())
    guard result == 0 else {
      // The thread that would have taken it does not exist.
      unsafe unmanaged.release()
      throw Errno(rawValue: result)
    }
    self.thread = thread
  }

  /// Waits until the thread has ended; on the thread itself, lets it go.
  public consuming func join() {
    if pthread_equal(thread, pthread_self()) != 0 { return detach() }
    // Joined once: this consumes the only copy.
    pthread_join(thread, nil)
  }

  /// Lets the thread go: it ends when its closure does, or with the process.
  public consuming func detach() {
    pthread_detach(thread)
  }
}
