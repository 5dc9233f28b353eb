internal import Devices
internal import Hypervisor

/// The guest's consoles as a person reaches them: the serial port, and a virtio console where one is
/// asked for.
final class Consoles: Companion {
  let serial: Console
  let virtio: Console?

  init(
    _ plan: MachinePlan, on loop: EventLoop, log: VerboseLog,
    onCommand: @escaping (ConsoleCommand) -> Void
  ) throws(Failure) {
    serial = try Console(
      .serial, plan.serial, on: loop, log: log, onCommand: onCommand)
    guard let target = plan.console else {
      virtio = nil
      return
    }
    do throws(Failure) {
      virtio = try Console(.virtio, target, on: loop, log: log, onCommand: onCommand)
    } catch {
      serial.close(milliseconds: 0)
      throw error
    }
  }

  /// Connects a new machine's ports.
  func attach(_ machine: Machine) throws(MachineError) {
    try serial.attach(machine.serialPort)
    if let virtio, let port = machine.console { try virtio.attach(port) }
  }

  func detach(_ ending: MachineEnding?) {
    serial.detach()
    virtio?.detach()
  }

  func end() { close() }

  /// Takes the terminal again after this process was stopped and continued.
  func resume() {
    serial.resume()
    virtio?.resume()
  }

  var hasPseudoTerminal: Bool { serial.isPseudoTerminal || virtio?.isPseudoTerminal == true }

  /// Whether the guest wrote nothing so far.
  var areSilent: Bool {
    serial.sink.byteCount == 0 && virtio?.sink.byteCount ?? 0 == 0
  }

  /// Writes out what the guest said, for so long at most each, and gives the terminal back. Once closed
  /// they stay so.
  func close(milliseconds: Int32 = 5000) {
    serial.close(milliseconds: milliseconds)
    virtio?.close(milliseconds: milliseconds)
  }
}
