internal import SystemPackage

/// A queue's interrupt that may come a little later, and then is for what happens meanwhile too. Belongs to one event
/// loop's thread.
final class HeldInterrupt {
  private let interrupt: QueueInterrupt
  private let timer: Timer
  private let loop: EventLoop
  private var expiry: EventLoop.Watch?
  private var isHolding = false

  /// Nanoseconds that an interrupt is held: as long as a network card would.
  private static let patience: UInt64 = 200_000

  /// - Throws: where the host is out of descriptors.
  init(_ interrupt: QueueInterrupt, on loop: EventLoop) throws(Errno) {
    self.interrupt = interrupt
    self.loop = loop
    timer = try Timer()
    expiry = try loop.watch(timer.number) { [unowned self] in
      timer.take()
      if isHolding { signal() }
    }
  }

  func signal() {
    isHolding = false
    interrupt.signal()
  }

  func hold() {
    guard !isHolding else { return }
    isHolding = true
    timer.arm(nanoseconds: Self.patience)
  }

  /// Ends it; what was held comes now.
  func stop() {
    if let expiry { loop.cancel(expiry) }
    expiry = nil
    if isHolding { signal() }
  }
}
