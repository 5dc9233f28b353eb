internal import CLinux
internal import Synchronization
public import SystemPackage

extension TransportCore {
  /// What a snapshot keeps of a device behind any transport. What a device keeps beside its queues is
  /// its own state.
  public struct State: Codable, Hashable, Sendable {
    var status: DeviceStatus
    var isCutOff: Bool
    var deviceFeatureSelect: UInt32
    var driverFeatureSelect: UInt32
    var driverFeatures: VirtioFeatures
    var queueSelect: UInt16
    /// With the indices from which on each goes on.
    var queues: [QueueConfiguration]
    var configurationVector: UInt16
    var generation: UInt8
  }

  /// Makes the device let go of its queues, every chain that it took given back. No vCPU may run, here
  /// and until `resume`.
  public func pause() throws(Errno) {
    // What a driver began ends by itself.
    while registers.withLock({ $0.isResetting || !$0.resettingQueues.isEmpty }) {
      // No descriptor: only the milliseconds count.
      poll(nil, 0, 1)
    }
    // Those of a device that needs a reset too: it may still be on its way out of them.
    for (index, queue) in enabledQueues {
      let stopped = try Latch()
      device.stop(queue: index) { stopped.open() }
      stopped.wait()
      // A device answers every chain with one element: both indices are the used ring's.
      let next = try? memory.read(UInt16.self, at: GuestAddress(queue.usedRing &+ 2))
      registers.withLock { $0.queues[index].start = next ?? 0 }
    }
  }

  /// Goes on where `pause` stopped.
  public func resume() {
    for (index, _) in enabledQueues {
      registers.withLock { registers in
        if isWorking(on: index, registers) { device.start(assignment(index, registers)) }
      }
    }
  }

  private var enabledQueues: [(Int, QueueConfiguration)] {
    registers.withLock { registers in
      guard registers.status.contains(.driverOK) else { return [] }
      return registers.queues.enumerated().filter(\.element.isEnabled).map { ($0.offset, $0.element) }
    }
  }

  /// While paused.
  public var state: State {
    registers.withLock { registers in
      State(
        status: registers.status, isCutOff: registers.isCutOff,
        deviceFeatureSelect: registers.deviceFeatureSelect,
        driverFeatureSelect: registers.driverFeatureSelect, driverFeatures: registers.driverFeatures,
        queueSelect: registers.queueSelect, queues: registers.queues,
        configurationVector: registers.configurationVector, generation: registers.generation)
    }
  }

  /// Takes up `state`, which comes from a file, and runs the device from there. For a device that no
  /// driver has used.
  public func restore(_ state: State) throws(InvalidState) {
    try check(state)
    registers.withLock { registers in
      registers.status = state.status
      registers.isCutOff = state.isCutOff
      registers.deviceFeatureSelect = state.deviceFeatureSelect
      registers.driverFeatureSelect = state.driverFeatureSelect
      registers.driverFeatures = state.driverFeatures
      registers.queueSelect = state.queueSelect
      registers.queues = state.queues
      registers.configurationVector = state.configurationVector
      registers.generation = state.generation
      // A device that asked for its reset works on no queue.
      if state.status.contains(.driverOK) {
        activate(registers, works: !state.status.contains(.needsReset))
      }
    }
  }

  private func check(_ state: State) throws(InvalidState) {
    let name = "virtio \(device.type)"
    let known: DeviceStatus = [.acknowledge, .driver, .driverOK, .featuresOK, .needsReset, .failed]
    let isAgreed = state.status.contains(.featuresOK)
    try InvalidState.unless(
      known.isSuperset(of: state.status) && (isAgreed || !state.status.contains(.driverOK)), name, "status")
    try InvalidState.unless(
      !isAgreed || accepts(state.driverFeatures), name, "features")
    try InvalidState.unless(state.queues.map(\.maximumSize) == device.queueSizes, name, "queues")
    try InvalidState.unless(isAgreed || !state.queues.contains(where: \.isEnabled), name, "queues")
  }
}
