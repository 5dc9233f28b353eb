internal import Synchronization

/// The command register's bus master bit (PCI Local Bus 3.0 section 6.2.2): a function without it reaches no memory.
///
/// A device that works when the bit goes lets go of its queues, and goes on after a reset only. Linux takes the bit away
/// before it starts another kernel, and that one gives it back before it resets the device, whose rings are its memory
/// by then.
extension TransportCore {
  /// The device lets go of its queues soon, as it does for a driver that resets it: what is with a disk ends first.
  func setBusMaster(_ isOn: Bool) {
    registers.withLock { registers in
      guard isOn != registers.isBusMaster else { return }
      if !isOn, registers.status.contains(.driverOK) {
        for index in registers.queues.indices where isWorking(on: index, registers) {
          device.stop(queue: index) {}
        }
        registers.isCutOff = true
      }
      registers.isBusMaster = isOn
      for index in registers.queues.indices where isWorking(on: index, registers) {
        device.start(assignment(index, registers))
      }
    }
  }

  /// Whether the device works on a queue.
  func isWorking(on index: Int, _ registers: borrowing Registers) -> Bool {
    registers.isBusMaster && !registers.isCutOff && registers.status.contains(.driverOK)
      && !registers.status.contains(.needsReset) && !registers.isResetting
      && registers.queues[index].isEnabled && !registers.resettingQueues.contains(index)
  }
}
