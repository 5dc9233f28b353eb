import Synchronization
import TestSupport
import Testing

@testable import Devices

@Suite struct RangeLockTests {
  private func shared(_ range: Range<UInt64>) -> RangeLock.Claim {
    .init(start: range.lowerBound, end: range.upperBound, isShared: true)
  }

  private func alone(_ range: Range<UInt64>) -> RangeLock.Claim {
    .init(start: range.lowerBound, end: range.upperBound, isShared: false)
  }

  @Test func `only those that overlap are in each other's way, and not where both share`() {
    let lock = RangeLock()
    #expect(lock.tryLock(shared(10..<20)))
    #expect(lock.tryLock(shared(15..<25)))
    #expect(!lock.tryLock(alone(24..<30)))
    #expect(!lock.tryLock(alone(0..<11)))
    #expect(lock.tryLock(alone(25..<30)))
    #expect(lock.tryLock(alone(0..<10)))
    #expect(!lock.tryLock(shared(5..<6)))
    #expect(!lock.tryLock(alone(0..<40)))
    lock.unlock(shared(10..<20))
    #expect(!lock.tryLock(alone(10..<20)))
    lock.unlock(shared(15..<25))
    #expect(lock.tryLock(alone(10..<20)))
  }

  @Test func `each waits for those before it, and is not overtaken`() throws {
    let lock = RangeLock()
    let order = Mutex<[Int]>([])
    lock.lock(shared(0..<10))
    var threads: [IOThread] = []
    // The third shares with the holder, but comes after one who does not.
    for (index, claim) in [alone(0..<10), alone(5..<15), shared(8..<9)].enumerated() {
      let thread = try IOThread(name: "range \(index)")
      thread.post { _ in
        lock.lock(claim)
        order.withLock { $0.append(index) }
        lock.unlock(claim)
      }
      threads.append(thread)
      while lock.waiterCount <= index { try EventDescriptor().pause() }
    }
    // Who does not wait may not overtake either.
    #expect(!lock.tryLock(shared(8..<9)))
    #expect(!lock.tryLock(shared(14..<16)))
    #expect(lock.tryLock(shared(15..<16)))
    lock.unlock(shared(0..<10))
    for thread in threads { thread.stop() }
    #expect(order.withLock { $0 } == [0, 1, 2])
    #expect(lock.waiterCount == 0)
    #expect(lock.tryLock(alone(0..<15)))
  }
}

extension EventDescriptor {
  /// Lets other threads go on.
  fileprivate consuming func pause() {
    try? wait(milliseconds: 1)
  }
}
