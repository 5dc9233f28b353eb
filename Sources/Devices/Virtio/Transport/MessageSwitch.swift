internal import Synchronization
internal import SystemPackage

/// Whether a function interrupts by message or by its pin, which its driver may choose anew at any time.
final class MessageSwitch: Sendable {
  private let state = Atomic<Bool>(false)
  /// Signalled by each change.
  let changed: SharedEvent
  private let pin: PinInterrupt

  init(or pin: PinInterrupt) throws(Errno) {
    changed = try SharedEvent()
    self.pin = pin
  }

  var isOn: Bool { state.load(ordering: .sequentiallyConsistent) }

  func set(_ isOn: Bool) {
    if state.exchange(isOn, ordering: .sequentiallyConsistent) != isOn { changed.event.signal() }
  }

  /// Interrupts in the way that is chosen.
  ///
  /// - Parameter message: nil: the driver wants none where it goes by message.
  func signal(_ message: MessageVector?, _ cause: PinInterrupt.Cause) {
    let wasOn = isOn
    signal(wasOn, message, cause)
    // Whoever switched meanwhile may have looked at what waits before this came. Twice does no harm.
    if isOn != wasOn { signal(!wasOn, message, cause) }
  }

  private func signal(_ byMessage: Bool, _ message: MessageVector?, _ cause: PinInterrupt.Cause) {
    if byMessage { message?.signal() } else { pin.raise(cause) }
  }
}

/// Takes to the pin what a worker in the kernel signals, which knows a queue's message vector alone. Belongs to one event
/// loop's thread.
final class PinRelay {
  private let interrupt: QueueInterrupt
  private let message: MessageVector
  private let loop: EventLoop
  private var change: EventLoop.Watch?
  private var signals: EventLoop.Watch?

  /// Nil where the interrupt is by message for good.
  init?(_ interrupt: QueueInterrupt, _ message: MessageVector, on loop: EventLoop) throws(Errno) {
    guard let changed = interrupt.changed else { return nil }
    self.interrupt = interrupt
    self.message = message
    self.loop = loop
    change = try loop.watch(changed.event.number, for: .signal) { [unowned self] in choose() }
    choose()
  }

  /// After the worker in the kernel. What it signalled last is taken along: nobody else would.
  func stop() {
    if signals != nil, !interrupt.isByMessage, message.event.take() > 0 { interrupt.signal() }
    for watch in [change, signals] { if let watch { loop.cancel(watch) } }
    change = nil
    signals = nil
  }

  /// While messages are on, the vector is the guest's alone.
  private func choose() {
    if interrupt.isByMessage {
      if let signals { loop.cancel(signals) }
      signals = nil
    } else if signals == nil {
      signals = try? loop.watch(message.event.number) { [unowned self] in
        message.event.take()
        interrupt.signal()
      }
    }
  }
}
