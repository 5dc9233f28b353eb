internal import CHost
internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// One of the guest's consoles as a person reaches it. Lives as long as the session: a guest's
/// reboot finds the same terminal, socket or file.
final class Console {
  /// Which of the guest's it is.
  enum Kind {
    case serial
    case virtio

    var option: String {
      switch self {
      case .serial: "--serial"
      case .virtio: "--console"
      }
    }

    var name: String {
      switch self {
      case .serial: "serial"
      case .virtio: "virtio"
      }
    }
  }

  /// Where it leads, for others to find.
  let place: String
  /// Where the guest's bytes go.
  let sink: any ConsoleSink
  /// The same where somebody may read them.
  private let output: ConsoleOutput?
  private let loop: EventLoop
  private let log: VerboseLog
  private var input: ConsoleInput?
  /// The master of a pseudo terminal; standard input is not ours to close.
  private var pseudoTerminal: ConsoleOutput.Target?
  var isPseudoTerminal: Bool { pseudoTerminal != nil }
  private var socket: ConsoleSocket?
  private var terminal: RawTerminal?
  private var hasHinted = false
  private var isClosed = false
  private var failureWatch: EventLoop.Watch?

  init(
    _ kind: Kind, _ target: ConsoleTarget, on loop: EventLoop, log: VerboseLog,
    onCommand: @escaping (ConsoleCommand) -> Void
  ) throws(Failure) {
    self.loop = loop
    self.log = log
    var place = target.place
    do throws(Errno) {
      guard target != .null else {
        sink = DiscardedOutput()
        output = nil
        self.place = place
        return
      }
      let opened = try Self.open(kind, target, &place)
      self.place = place
      let output = try ConsoleOutput(target: opened)
      self.output = output
      sink = output
      switch target {
      case .stdio:
        terminal = RawTerminal(STDIN_FILENO)
        input = try Self.standardInput(on: loop, hasEscape: terminal != nil, onCommand)
      case .pty:
        pseudoTerminal = opened
        if let opened { input = try ConsoleInput(opened.number, on: loop, isPseudoTerminal: true) }
      case .socket(let path):
        socket = try ConsoleSocket(path, name: kind.name, on: loop, output: output, log: log)
      case .file, .null: break
      }
      failureWatch = try loop.watch(output.failed.number) { [unowned self] in tellFailure(of: output, target)
      }
    } catch {
      throw Self.failure(kind, target, error)
    }
  }

  /// Connects a new machine's port, and gives the terminal to the guest.
  func attach(_ port: any ConsolePort) throws(MachineError) {
    output?.attach(port)
    do throws(Errno) {
      try input?.attach(port)
      try socket?.attach(port)
    } catch {
      throw .host("the console", error)
    }
    guard let terminal else { return }
    if !hasHinted { StandardError.line("Ctrl-A x ends the machine, Ctrl-A h shows more") }
    hasHinted = true
    terminal.enter()
  }

  func detach() {
    input?.detach()
    socket?.detach()
    // The machine goes, and its port with it.
    output?.attach(nil)
  }

  /// Takes the terminal again after this process was stopped and continued.
  func resume() {
    terminal?.enter()
  }

  /// Writes out what the guest said, for so long at most, gives the terminal back, removes the socket.
  /// Once closed it stays so.
  func close(milliseconds: Int32 = 5000) {
    guard !isClosed else { return }
    isClosed = true
    detach()
    output?.finish(milliseconds: milliseconds)
    terminal?.leave()
    socket?.close()
    socket = nil
  }

  // MARK: Opening

  /// Where output goes from the start, if anywhere. A pseudo terminal gets its place only now.
  private static func open(
    _ kind: Kind, _ target: ConsoleTarget, _ place: inout String
  ) throws(Errno) -> ConsoleOutput.Target? {
    switch target {
    case .stdio:
      return ConsoleOutput.Target(try OwnedDescriptor(result: clinux_duplicate(STDOUT_FILENO)), for: .owner)
    case .file(let path):
      return ConsoleOutput.Target(try OutputFile.open(path), for: .owner)
    case .pty:
      var path = [CChar](repeating: 0, count: 128)
      // The array is as long as told.
      let number = unsafe chost_open_pty(&path, path.count)
      let master = try OwnedDescriptor(result: number)
      let name = String(decoding: path.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
      StandardError.line("\(kind.name) console: \(name)")
      place = "pty=\(name)"
      return ConsoleOutput.Target(master, for: .pseudoTerminal)
    case .socket, .null:
      return nil
    }
  }

  private static func standardInput(
    on loop: EventLoop, hasEscape: Bool, _ onCommand: @escaping (ConsoleCommand) -> Void
  ) throws(Errno) -> ConsoleInput {
    guard hasEscape else { return try ConsoleInput(STDIN_FILENO, on: loop) }
    var keys = EscapeKeys()
    return try ConsoleInput(
      STDIN_FILENO, on: loop, readAhead: 1 << 20,
      filter: { typed in
        let (bytes, commands) = keys.separate(typed)
        commands.forEach(onCommand)
        return bytes
      })
  }

  private static func failure(_ kind: Kind, _ target: ConsoleTarget, _ error: Errno) -> Failure {
    let name = "\(kind.option) \(target)"
    if case .file = target { return OutputFile.failure(name, error) }
    var hint = error.shortageHint
    if case .socket = target { hint = UnixListener.hint(error) }
    return Failure(error.isShortage ? .hostNotAble : .usage, "\(name): \(error)", hint: hint)
  }

  private func tellFailure(of output: ConsoleOutput, _ target: ConsoleTarget) {
    output.failed.take()
    // A socket's client comes and goes; that is no news.
    if case .socket = target { return }
    let process = ProcessIdentity.own?.id ?? getpid()
    StandardError.warn(
      """
      the console's output (\(target)) cannot be written: \(output.lastFailure); the guest goes on without it, until \
      \(terminal == nil ? "" : "Ctrl-A x or ")`kill -INT \(process)` ends it (`kill \(process)` asks it to power off)
      """)
  }
}
