internal import Synchronization

/// Ranges that are in use, each shared or by one owner alone. Whoever comes waits for those before him whose ranges
/// overlap his own, unless both share.
///
/// Nobody waits for one who came later: no circle of waiters comes to be, and nobody is overtaken for ever.
final class RangeLock: Sendable {
  struct Claim: Equatable, Sendable {
    let start: UInt64
    let end: UInt64
    let isShared: Bool

    func excludes(_ other: Claim) -> Bool {
      !(isShared && other.isShared) && start < other.end && other.start < end
    }
  }

  private struct Waiter {
    let claim: Claim
    let granted: Semaphore
  }

  private struct State {
    var held: [Claim] = []
    /// In the order in which they came.
    var waiting: [Waiter] = []

    func admits(_ claim: Claim) -> Bool {
      !held.contains { $0.excludes(claim) } && !waiting.contains { $0.claim.excludes(claim) }
    }
  }

  private let state = Mutex(State())

  /// How many wait.
  var waiterCount: Int { state.withLock { $0.waiting.count } }

  func lock(_ claim: Claim) {
    let granted = state.withLock { state -> Semaphore? in
      if state.admits(claim) {
        state.held.append(claim)
        return nil
      }
      let waiter = Waiter(claim: claim, granted: Semaphore())
      state.waiting.append(waiter)
      return waiter.granted
    }
    granted?.wait()
  }

  /// Whether it is taken: not where it would have to wait.
  func tryLock(_ claim: Claim) -> Bool {
    state.withLock { state in
      let isFree = state.admits(claim)
      if isFree { state.held.append(claim) }
      return isFree
    }
  }

  func unlock(_ claim: Claim) {
    state.withLock { state in
      // Claims that are equal are as good as each other.
      guard let index = state.held.firstIndex(of: claim) else {
        preconditionFailure("a range was given back that nobody had")
      }
      state.held.swapAt(index, state.held.count - 1)
      state.held.removeLast()
      let waiting = state.waiting
      state.waiting.removeAll(keepingCapacity: true)
      for waiter in waiting {
        if state.admits(waiter.claim) {
          state.held.append(waiter.claim)
          waiter.granted.signal()
        } else {
          state.waiting.append(waiter)
        }
      }
    }
  }
}
