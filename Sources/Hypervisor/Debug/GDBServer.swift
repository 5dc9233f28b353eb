internal import CLinux
public import Devices
internal import SystemPackage

/// Lets gdb hold the machine: one client at a time, who may go and come back. Lives as long as there are machines; a
/// guest's reset, which makes a new one, ends the client's session.
///
/// Belongs to the thread of its event loop.
public final class GDBServer {
  private let listener: OwnedDescriptor
  private let loop: EventLoop
  private let waits: Bool
  private let log: (String) -> Void
  private var machine: Machine?
  private var watches: [EventLoop.Watch] = []
  private var client: GDBClient?
  private var session: GDBSession?
  /// Whether the client waits to hear why the machine stopped.
  private var isReplyDue = false
  /// A packet that came while the machine ran.
  private var held: [UInt8]?

  /// - Parameters:
  ///   - listener: a listening stream socket, not blocking.
  ///   - waits: whether each machine stands before its first instruction until a client lets it go.
  ///   - log: told of clients that come and go.
  public init(
    _ listener: consuming OwnedDescriptor, on loop: EventLoop, waits: Bool, log: @escaping (String) -> Void
  ) {
    self.listener = listener
    self.loop = loop
    self.waits = waits
    self.log = log
  }

  /// From here on clients get `machine`, which must not run yet.
  public func attach(_ machine: Machine) throws(MachineError) {
    guard let debugged = machine.debugged else { return }
    self.machine = machine
    do throws(Errno) {
      watches.append(try loop.watch(debugged.stopped.event.number) { [unowned self] in takeStops() })
      watches.append(try loop.watch(listener.number) { [unowned self] in acceptClient() })
    } catch {
      throw .host("the debugger's events", error)
    }
    if waits { debugged.awaitDebugger() }
  }

  /// The machine has ended, or could not run: nil.
  public func detach(_ ending: MachineEnding?) {
    for watch in watches { loop.cancel(watch) }
    watches = []
    if isReplyDue, let ending { client?.send(packet: Self.farewell(ending)) }
    // What a client does not take now it does not get.
    try? client?.flush()
    forgetClient()
    machine = nil
  }

  private static func farewell(_ ending: MachineEnding) -> [UInt8] {
    switch ending {
    case .poweredOff, .reset: Array("W00".utf8)
    case .debugExit(let status): [UInt8(ascii: "W")] + Hex.text([status])
    // As by SIGABRT, and by SIGTERM.
    case .tripleFault, .crashed, .panicked: Array("X06".utf8)
    case .stopped: Array("X0f".utf8)
    }
  }

  // MARK: Clients

  private func acceptClient() {
    let number = clinux_accept(listener.number)
    guard number >= 0 else {
      // A client that left at once is none. Everything else would come again and again.
      let error = Errno(rawValue: -number)
      guard error != .wouldBlock, error != .connectionAbort, error != .interrupted else { return }
      log("gdb: no client can be taken any more: \(error)")
      if let last = watches.popLast() { loop.cancel(last) }
      return
    }
    let socket = OwnedDescriptor(takingOver: number)
    // One who has left may not be seen as gone yet.
    if client != nil { serve() }
    // Closed at once: the first client has the machine.
    guard client == nil, let debugged = machine?.debugged else { return }
    do throws(Errno) {
      client = try GDBClient(socket, on: loop) { [unowned self] in serve() }
      session = GDBSession(debugged)
      log("gdb: a client connected")
      debugged.take()
      serve()
    } catch {
      log("gdb: a client could not be served: \(error)")
    }
  }

  /// The client is gone: what it set goes too, and the guest goes on.
  private func dropClient() {
    guard client != nil else { return }
    log("gdb: the client left")
    forgetClient()
    machine?.debugged?.release()
  }

  private func forgetClient() {
    client?.close()
    client = nil
    session = nil
    isReplyDue = false
    held = nil
  }

  // MARK: Talking

  private func takeStops() {
    guard let event = machine?.debugged?.takeStops() else { return }
    tell(event)
    serve()
  }

  /// Tells why the machine stopped, or keeps it for a client that will ask.
  private func tell(_ event: DebugEvent) {
    guard let reply = session?.stopped(event) else { return }
    if isReplyDue { client?.send(packet: reply) }
    isReplyDue = false
  }

  private func serve() {
    do throws(Errno) {
      while let client, let debugged = machine?.debugged {
        if debugged.isStanding, let packet = held {
          held = nil
          answer(packet)
          continue
        }
        switch try client.receive() {
        case .packet(let packet) where debugged.isStanding: answer(packet)
        // One may come early; gdb sends no second before it has its answer.
        case .packet(let packet): held = held ?? packet
        case .interrupt: debugged.stop()
        case nil: return
        }
      }
    } catch {
      dropClient()
    }
  }

  private func answer(_ packet: [UInt8]) {
    guard let client, let outcome = session?.answer(packet) else { return }
    switch outcome {
    case .reply(let reply): client.send(packet: reply)
    case .resume(let motions):
      isReplyDue = true
      if let event = machine?.debugged?.resume(motions) { tell(event) }
    case .detach(let reply):
      client.send(packet: reply)
      try? client.flush()
      dropClient()
    case .kill(let reply):
      if let reply { client.send(packet: reply) }
      try? client.flush()
      log("gdb: the client ends the machine")
      machine?.stop()
      forgetClient()
    }
    // The reply to the packet that switches acknowledgements off is acknowledged still.
    self.client?.acknowledges = session?.acknowledges ?? true
  }
}
