internal import Devices
internal import Synchronization

/// Where a vCPU's thread waits while a debugger holds it, and does the debugger's work meanwhile: KVM wants a vCPU's
/// calls from its own thread.
final class VCPUBay: Sendable {
  /// Why a vCPU came here.
  enum Stop: Hashable, Sendable {
    /// `VCPUHandle.Request.pause`.
    case asked
    /// A step is over, and KVM said nothing of it.
    case stepped
    /// With RIP's linear address and DR6.
    case debug(DebugException, at: UInt64, status: UInt64)
    /// The guest cannot go on.
    case crashed(VCPUExit)
  }

  enum Order: Hashable, Sendable {
    case run
    /// One instruction, and back.
    case step
    /// A guest that cannot go on ends.
    case end
  }

  private struct Contents {
    var stop: Stop?
    var order: Order?
    var work: (@Sendable (borrowing VirtualCPU) -> Void)?
  }

  private let contents = Mutex(Contents())
  private let called = Semaphore()
  private let workDone = Semaphore()
  /// Signalled when a vCPU came to its bay.
  private let stopped: SharedEvent

  init(stopped: SharedEvent) {
    self.stopped = stopped
  }

  // MARK: The debugger's thread

  /// Why the vCPU stands here; nil while it does not.
  var stop: Stop? { contents.withLock { $0.order == nil ? $0.stop : nil } }

  /// Has the vCPU's thread do `work`, and waits for that. Nil where the vCPU does not stand here.
  func perform<Value: Sendable>(_ work: @escaping @Sendable (borrowing VirtualCPU) -> Value) -> Value? {
    let result = WorkResult<Value>()
    let isTaken = contents.withLock { contents in
      guard contents.stop != nil, contents.order == nil else { return false }
      contents.work = { vcpu in result.set(work(vcpu)) }
      return true
    }
    guard isTaken else { return nil }
    called.signal()
    workDone.wait()
    return result.value
  }

  /// Sends the vCPU on, where it stands here.
  func order(_ order: Order) {
    contents.withLock { if $0.stop != nil { $0.order = order } }
    called.signal()
  }

  /// Makes the vCPU look into its mailbox, where it stands here.
  func nudge() {
    called.signal()
  }

  // MARK: The vCPU's thread

  func enter(_ stop: Stop) {
    contents.withLock { $0.stop = stop }
    stopped.event.signal()
  }

  /// Waits for a call, and does work that came with it.
  /// - Returns: the order, and the bay is left; nil where there is none yet.
  func wait(with vcpu: borrowing VirtualCPU) -> Order? {
    called.wait()
    let (work, order) = contents.withLock { contents in
      defer {
        contents.work = nil
        if contents.order != nil { (contents.stop, contents.order) = (nil, nil) }
      }
      return (contents.work, contents.order)
    }
    if let work {
      work(vcpu)
      workDone.signal()
    }
    return order
  }

  /// Leaves without an order. Whoever waits for work waits no longer.
  func leave() {
    let work = contents.withLock { contents in
      defer { contents = Contents() }
      return contents.work
    }
    if work != nil { workDone.signal() }
  }
}

/// What work brought, on its way from one thread to another.
private final class WorkResult<Value: Sendable>: Sendable {
  private let content = Mutex<Value?>(nil)

  var value: Value? { content.withLock { $0 } }

  func set(_ value: Value) {
    content.withLock { $0 = value }
  }
}
