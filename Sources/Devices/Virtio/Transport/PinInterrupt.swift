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
  private let isSilent = Atomic<Bool>(false)

  init(line: LevelInterruptLine) {
    self.line = line
  }

  func raise(_ cause: Cause) {
    status.bitwiseOr(cause.rawValue, ordering: .sequentiallyConsistent)
    assertIfWanted()
  }

  /// The guest switched the pin off or on: by the command register, or by MSI-X, which takes its place.
  func setSilent(_ new: Bool) {
    if isSilent.exchange(new, ordering: .sequentiallyConsistent), !new { assertIfWanted() }
  }

  /// A cause that comes while the pin is silent waits, so both are looked at in one order by all.
  private func assertIfWanted() {
    if isWanted, !isSilent.load(ordering: .sequentiallyConsistent) { line.assert() }
  }

  /// Whether a cause waits for the driver: the Interrupt Status bit of the PCI status register.
  var isWanted: Bool { status.load(ordering: .sequentiallyConsistent) != 0 }

  /// What the driver reads, which clears it.
  func takeStatus() -> UInt8 {
    status.exchange(0, ordering: .acquiringAndReleasing)
  }

  /// The guest ended the interrupt: asserts it again where a cause remains.
  func wasAcknowledged() {
    assertIfWanted()
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
