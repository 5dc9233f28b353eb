internal import Synchronization

extension VirtioPCI: StatefulDevice {
  /// What a snapshot keeps of a virtio function: taken between `core.pause` and `core.resume`.
  public struct State: Codable, Hashable, Sendable {
    var configuration: ConfigurationSpace.State
    var messages: MSIXTable.State
    var interruptStatus: UInt8
    var core: TransportCore.State
  }

  public var state: State {
    State(
      configuration: placement.withLock { $0.configuration.state }, messages: interrupts.table.state,
      interruptStatus: interrupts.pin.state, core: core.state)
  }

  /// Takes up `state`, and runs the device from there. For a device that no driver has used.
  public func restore(_ state: State) throws(InvalidState) {
    let name = "virtio \(core.device.type)"
    try InvalidState.unless(
      state.messages.entries.count == interrupts.table.vectors.count
        && state.messages.pending.count == interrupts.table.vectors.count, name, "messages")
    let vectors = state.core.queues.map(\.vector) + [state.core.configurationVector]
    try InvalidState.unless(
      vectors.allSatisfy { $0 == QueueConfiguration.noVector || interrupts.message($0) != nil }, name,
      "vectors")
    do throws(ConfigurationSpace.Mismatch) {
      try placement.withLock { (placement) throws(ConfigurationSpace.Mismatch) in
        try placement.configuration.restore(state.configuration)
        interrupts.restore(state.messages, placement.configuration)
        core.setBusMaster(placement.configuration.command.contains(.busMaster))
        move(&placement)
      }
    } catch {
      throw InvalidState(device: name, field: "configuration space")
    }
    interrupts.pin.restore(state.interruptStatus)
    try core.restore(state.core)
  }
}
