internal import CLinux
internal import Devices
internal import SystemPackage

/// A console on a Unix socket: one client at a time, who may go and come back.
final class ConsoleSocket {
  private let file: SocketFile
  /// Which console it is, for the log.
  private let name: String
  private let loop: EventLoop
  private let output: ConsoleOutput
  private let log: VerboseLog
  private let listener: OwnedDescriptor
  /// Given up for a moment when the process is out of descriptors and somebody connects.
  private var spare = SpareDescriptor()
  private var client: ConsoleOutput.Target?
  private var input: ConsoleInput?
  private var port: (any ConsolePort)?

  init(_ path: String, name: String, on loop: EventLoop, output: ConsoleOutput, log: VerboseLog) throws(Errno)
  {
    self.name = name
    self.loop = loop
    self.output = output
    self.log = log
    listener = try UnixListener.listen(path)
    file = SocketFile(path)
    _ = try loop.watch(listener.number) { [unowned self] in acceptClient() }
  }

  func attach(_ port: any ConsolePort) throws(Errno) {
    self.port = port
    try input?.attach(port)
  }

  func detach() {
    input?.detach()
    port = nil
  }

  func close() {
    dropClient()
    file.remove()
  }

  private func acceptClient() {
    let number = clinux_accept(listener.number)
    guard number >= 0 else {
      if Errno(rawValue: -number).isShortage { spare.turnAway(from: listener) }
      return
    }
    let new = ConsoleOutput.Target(OwnedDescriptor(takingOver: number), for: .socket)
    // A client who left while the guest would not read what he had sent is not seen as gone yet.
    if let client, hasHungUp(client) { dropClient() }
    // Closed at once: the first client has the console.
    guard client == nil else { return }
    do throws(Errno) {
      let input = try ConsoleInput(number, on: loop, onEnd: { [unowned self] in dropClient() })
      client = new
      self.input = input
      output.redirect(to: new)
      if let port { try input.attach(port) }
      log("\(name) socket: a client connected")
    } catch {
      log("\(name) socket: a client could not be served: \(error)")
      dropClient()
    }
  }

  private func hasHungUp(_ client: ConsoleOutput.Target) -> Bool {
    var event = pollfd(fd: client.number, events: 0, revents: 0)
    // One entry, as told.
    return unsafe poll(&event, 1, 0) == 1 && event.revents & Int16(POLLHUP) != 0
  }

  private func dropClient() {
    guard let client else { return }
    input?.detach()
    input = nil
    output.redirect(to: nil)
    // The writer may be in the middle of a write: this ends it, and the descriptor goes with the
    // last one who holds it.
    shutdown(client.number, Int32(SHUT_RDWR))
    self.client = nil
    log("\(name) socket: the client left")
  }
}
