internal import CLinux

/// A counter that threads wait for.
@safe
public final class Semaphore: Sendable {
  // Initialised for as long as this lives; sem_t is made for use by several threads.
  private nonisolated(unsafe) let storage: UnsafeMutablePointer<sem_t>

  public init() {
    unsafe storage = .allocate(capacity: 1)
    // Fails only for a first value past the maximum.
    unsafe sem_init(storage, 0, 0)
  }

  deinit {
    // Nobody waits: whoever does holds a reference.
    unsafe sem_destroy(storage)
    unsafe storage.deallocate()
  }

  public func signal() {
    // Fails only past the counter's maximum, where a waiter wakes anyway.
    unsafe sem_post(storage)
  }

  public func wait() {
    unsafe clinux_semaphore_wait(storage)
  }
}
