internal import CLinux
internal import Devices
internal import Synchronization
internal import SystemPackage

/// A vCPU as other threads see it: a mailbox, and the kick that makes the vCPU look into it.
final class VCPUHandle: Sendable {
  /// What other threads may ask a vCPU.
  enum Request {
    static let stop: UInt8 = 1 << 0
    /// Tell where you are, and go on.
    static let report: UInt8 = 1 << 1
    /// Stand still in your bay, for a debugger.
    static let pause: UInt8 = 1 << 2
    /// Leave the guest and go on: to see how long that takes.
    static let nothing: UInt8 = 1 << 7
  }

  let id: UInt32
  /// Where it stands for a debugger; nil: there is none.
  let bay: VCPUBay?
  private let requests = Atomic<UInt8>(0)
  private let runner = Mutex<Runner?>(nil)
  private let lastReport = Mutex<CPUReport?>(nil)

  init(id: UInt32, bay: VCPUBay? = nil) {
    self.id = id
    self.bay = bay
  }

  /// The thread that runs the vCPU, and the byte that ends its KVM_RUN.
  @safe
  private struct Runner: @unchecked Sendable {
    // Both are valid while this value stands: the thread withdraws it before it lets go of the vCPU.
    let thread: pthread_t
    let immediateExit: UnsafeMutablePointer<Atomic<UInt8>>
  }

  // MARK: Other threads

  /// Leaves a request and makes the vCPU see it: at once if it is in the guest, else before it enters.
  func ask(_ request: UInt8) {
    runner.withLock { runner in
      requests.bitwiseOr(request, ordering: .releasing)
      guard let runner else { return }
      // First the flag, then the signal: a vCPU about to enter the guest between the two sees the
      // flag, one already in the guest is interrupted by the signal and then sees it.
      unsafe runner.immediateExit.pointee.store(1, ordering: .releasing)
      pthread_kill(runner.thread, clinux_kick_signal())
    }
    bay?.nudge()
  }

  /// The answer to the last `Request.report`, once the vCPU gave it.
  func takeReport() -> CPUReport? {
    lastReport.withLock { report in
      defer { report = nil }
      return report
    }
  }

  // MARK: The vCPU's own thread

  /// Announces the calling thread as the one to kick, and makes it one that can be kicked.
  ///
  /// - Precondition: `immediateExit` stays valid until `withdraw`.
  @unsafe
  func announce(immediateExit: UnsafeMutablePointer<UInt8>) {
    // An atomic byte has a byte's size and alignment.
    let flag = unsafe UnsafeMutableRawPointer(immediateExit).assumingMemoryBound(to: Atomic<UInt8>.self)
    clinux_unblock_kick()
    runner.withLock { unsafe $0 = Runner(thread: pthread_self(), immediateExit: flag) }
  }

  func withdraw() {
    runner.withLock { $0 = nil }
  }

  /// Whether anything waits in the mailbox.
  @inline(__always)
  var hasRequests: Bool { requests.load(ordering: .relaxed) != 0 }

  /// Takes what waits, and lets the vCPU enter the guest again.
  func takeRequests() -> UInt8 {
    // Flag and requests change together: a flag left standing without a request would end every
    // KVM_RUN at once, for ever.
    runner.withLock { runner in
      unsafe runner?.immediateExit.pointee.store(0, ordering: .relaxed)
      return requests.exchange(0, ordering: .acquiring)
    }
  }

  /// Makes each KVM_RUN return before the guest runs, until `allowEntry`.
  func holdEntry() {
    runner.withLock { unsafe $0?.immediateExit.pointee.store(1, ordering: .relaxed) }
  }

  func allowEntry() {
    runner.withLock { runner in
      // What was asked for meanwhile still holds.
      guard !hasRequests else { return }
      unsafe runner?.immediateExit.pointee.store(0, ordering: .relaxed)
    }
  }

  func answer(_ report: CPUReport) {
    lastReport.withLock { $0 = report }
  }
}
