public import Devices

extension InterruptLine {
  /// The pulses since the last call: what KVM would have injected.
  public func takePulses() -> UInt64 {
    event.take()
  }
}
