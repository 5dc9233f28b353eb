internal import Devices
internal import Hypervisor

/// The guest's consoles as a person reaches them: the serial port, and a virtio console where one is
/// asked for.
final class Consoles {
  let serial: Console
  let virtio: Console?

  init(
    _ configuration: ValidatedConfiguration, on loop: EventLoop, log: VerboseLog,
    onCommand: @escaping (ConsoleCommand) -> Void
  ) throws(Failure) {
    serial = try Console(
      .serial, configuration.serial, on: loop, log: log, onCommand: onCommand)
    guard let target = configuration.console else {
      virtio = nil
      return
    }
    virtio = try Console(.virtio, target, on: loop, log: log, onCommand: onCommand)
  }

  /// Connects a new machine's ports.
  func attach(_ machine: Machine) throws(MachineError) {
    try serial.attach(machine.serialPort)
    if let virtio, let port = machine.console { try virtio.attach(port) }
  }

  func detach() {
    serial.detach()
    virtio?.detach()
  }

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
