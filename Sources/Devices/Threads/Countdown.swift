internal import Synchronization

/// Calls its closure at the last of several steps, which may be taken on different threads.
final class Countdown: Sendable {
  private let rest: Atomic<Int>
  private let done: @Sendable () -> Void

  init(_ steps: Int, done: @escaping @Sendable () -> Void) {
    rest = Atomic(steps)
    self.done = done
  }

  func countDown() {
    if rest.subtract(1, ordering: .acquiringAndReleasing).newValue == 0 { done() }
  }
}
