internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// Where gdb connects: the loopback address or a socket of the user's own, as whoever may connect owns the guest.
enum GDBListener {
  /// Listens at `address`. Removing a socket in the file system is the caller's.
  static func open(_ address: DebuggerAddress) throws(Failure) -> OwnedDescriptor {
    do throws(Errno) {
      switch address {
      case .port(let port): return try OwnedDescriptor(result: chost_listen_loopback(port))
      case .socket(let path): return try UnixListener.listen(path)
      }
    } catch {
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "--gdb \(address): \(error)", hint: hint(address, error))
    }
  }

  /// What `open` left in the file system.
  static func file(_ address: DebuggerAddress) -> SocketFile? {
    if case .socket(let path) = address { SocketFile(path) } else { nil }
  }

  /// What a person types into gdb.
  static func command(_ address: DebuggerAddress) -> String {
    switch address {
    case .port(let port): "target remote 127.0.0.1:\(port)"
    case .socket(let path): "target remote \(path)"
    }
  }

  private static func hint(_ address: DebuggerAddress, _ error: Errno) -> String? {
    switch (address, error) {
    case (.port(let port), .addressInUse):
      "`ss -ltnp sport = :\(port)` shows who has it; take another port, or unix=PATH"
    case (.port, .permissionDenied): "ports below 1024 need privilege: take 1024 or above"
    case (.socket, _): UnixListener.hint(error)
    default: error.shortageHint
    }
  }
}

/// The debugger's server as a companion of the session.
final class Debugger: Companion {
  private let server: GDBServer
  private let file: SocketFile?

  init(_ plan: MachinePlan, at address: DebuggerAddress, on loop: EventLoop, log: VerboseLog) throws(Failure)
  {
    let listener = try GDBListener.open(address)
    file = GDBListener.file(address)
    let waits = plan.waitsForDebugger
    StandardError.line("gdb: \(GDBListener.command(address))\(waits ? ", which the guest waits for" : "")")
    server = GDBServer(listener, on: loop, waits: waits) { [log] in log($0) }
  }

  func attach(_ machine: Machine) throws(MachineError) { try server.attach(machine) }
  func detach(_ ending: MachineEnding?) { server.detach(ending) }
  func end() { file?.remove() }
}
