internal import Synchronization

/// The command register's bus master bit (PCI Local Bus 3.0 section 6.2.2): a function without it reaches no memory, so
/// its device lets go of its queues, and takes them up again with the bit. Their registers know nothing of it.
extension TransportCore {
  /// The device lets go of its queues soon, as it does for a driver that resets it: what is with a disk ends first.
  func setBusMaster(_ isOn: Bool) {
    registers.withLock { registers in
      guard isOn != registers.isBusMaster else { return }
      if !isOn { halt(&registers) }
      registers.isBusMaster = isOn
      for index in registers.queues.indices where isWorking(on: index, registers) {
        device.start(assignment(index, registers))
      }
    }
  }

  private func halt(_ registers: inout Registers) {
    for index in registers.queues.indices where isWorking(on: index, registers) {
      registers.haltingQueues.insert(index)
      device.stop(queue: index) { [self] in
        self.registers.withLock { registers in
          // A reset of the whole device may have come first.
          guard registers.haltingQueues.remove(index) != nil else { return }
          registers.queues[index].start = nextIndex(of: registers.queues[index])
          if isWorking(on: index, registers) { device.start(assignment(index, registers)) }
        }
      }
    }
  }

  /// Whether the device works on a queue, now that it let go of it neither for good nor for a while.
  func isWorking(on index: Int, _ registers: borrowing Registers) -> Bool {
    registers.isBusMaster && registers.status.contains(.driverOK)
      && !registers.status.contains(.needsReset) && !registers.isResetting
      && registers.queues[index].isEnabled && !registers.resettingQueues.contains(index)
      && !registers.haltingQueues.contains(index)
  }

  /// Where a queue goes on that the device let go of. Every chain is answered with one element: both indices are the
  /// used ring's.
  func nextIndex(of queue: QueueConfiguration) -> UInt16 {
    (try? memory.read(UInt16.self, at: GuestAddress(queue.usedRing &+ 2))) ?? 0
  }
}
