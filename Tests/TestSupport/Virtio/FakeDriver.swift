public import Devices

/// One queue with both its ends: what a test hands to a device's worker, and the driver's side of it.
public struct FakeDriver {
  public let arena: GuestArena
  public let queue: DriverQueue
  public let assignment: QueueAssignment
  /// Counts used buffer notifications.
  public let vector: MessageVector

  /// A queue in memory of its own.
  ///
  /// - Parameter features: what the device is told was negotiated.
  public init(
    index: Int = 0, size: UInt16 = 16, features: VirtioFeatures = [.version1], arena: GuestArena,
    startingAt start: UInt16 = 0
  ) throws {
    self.arena = arena
    let layout = try RingLayout(size: size, in: arena)
    queue = try DriverQueue(
      layout, in: arena.memory, usesEventIndex: features.contains(.eventIndex), startingAt: start)
    vector = try MessageVector(number: UInt32(index))
    assignment = QueueAssignment(
      index: index, configuration: QueueConfiguration(layout), doorbell: try SharedEvent(),
      interrupt: QueueInterrupt(message: vector))
  }

  /// Used buffer notifications since the last call.
  public func takeInterrupts() -> UInt64 {
    vector.event.take()
  }

  /// Publishes what was added and notifies the device where it wants that.
  public func kick() throws {
    if try queue.publish() { assignment.doorbell.event.signal() }
  }

  /// Waits for the next chain that the device gives back.
  public func waitForUsed() throws -> DriverQueue.Used {
    try queue.waitForUsed(interrupt: vector.event)
  }
}

extension DriverQueue {
  /// Waits for the next chain that the device gives back, which `interrupt` announces.
  public func waitForUsed(interrupt: borrowing EventDescriptor) throws -> Used {
    while true {
      // As drivers do: say what is wanted, then look, then wait.
      try setUsedEvent(nextUsed)
      if let used = try takeUsed() { return used }
      try interrupt.wait()
      interrupt.take()
    }
  }
}

extension QueueConfiguration {
  /// An enabled queue as a driver laid it out.
  public init(_ layout: RingLayout, maximumSize: UInt16? = nil) {
    self.init(maximumSize: maximumSize ?? layout.size)
    size = layout.size
    descriptorTable = layout.descriptorTable
    availableRing = layout.availableRing
    usedRing = layout.usedRing
    isEnabled = true
  }
}
