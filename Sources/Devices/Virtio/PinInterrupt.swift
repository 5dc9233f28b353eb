internal import Synchronization

/// A device's interrupt pin and the ISR status register that says why it is asserted (virtio 1.2
/// section 4.1.4.5).
final class PinInterrupt: Sendable {
  enum Cause: UInt8 {
    case queue = 1
    case configuration = 2
  }

  let line: LevelInterruptLine
  private let status = Atomic<UInt8>(0)

  init(line: LevelInterruptLine) {
    self.line = line
  }

  func raise(_ cause: Cause) {
    status.bitwiseOr(cause.rawValue, ordering: .acquiringAndReleasing)
    line.assert()
  }

  /// What the driver reads, which clears it.
  func takeStatus() -> UInt8 {
    status.exchange(0, ordering: .acquiringAndReleasing)
  }

  /// The guest ended the interrupt: asserts it again where a cause remains.
  func wasAcknowledged() {
    if status.load(ordering: .acquiring) != 0 { line.assert() }
  }

  /// What a snapshot keeps.
  var state: UInt8 { status.load(ordering: .acquiring) }

  func restore(_ state: UInt8) {
    status.store(state & (Cause.queue.rawValue | Cause.configuration.rawValue), ordering: .releasing)
    wasAcknowledged()
  }

  func clear() {
    status.store(0, ordering: .releasing)
  }
}
