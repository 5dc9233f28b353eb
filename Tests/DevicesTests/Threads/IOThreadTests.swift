import Glibc
import Synchronization
import Testing

@testable import Devices

struct IOThreadTests {
  // SCHED_BATCH, which Glibc's module leaves out.
  private static let batch: Int32 = 3

  @Test(arguments: [(false, SCHED_OTHER), (true, batch)])
  func `a thread takes a CPU from others only where its work cannot wait`(isBatch: Bool, policy: Int32) throws
  {
    let found = Mutex<Int32>(-1)
    let thread = try IOThread(name: "test", isBatch: isBatch)
    thread.post { _ in found.withLock { $0 = sched_getscheduler(0) } }
    thread.stop()
    #expect(found.withLock { $0 } == policy)
  }
}
