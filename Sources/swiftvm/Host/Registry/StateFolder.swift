internal import CHost
internal import CLinux
internal import Devices
internal import FoundationEssentials
internal import SystemPackage

/// Where swiftvm keeps what several of its processes must know: `/run/swiftvm` for root, else a folder in
/// XDG_RUNTIME_DIR. All of it is gone after the host's reboot, as is what it tells of.
struct StateFolder {
  let path: String

  init(path: String) {
    self.path = path
  }

  static let ofRoot = StateFolder(path: "/run/swiftvm")

  /// Nil where there is none for this user.
  static var own: StateFolder? {
    if geteuid() == 0 { return ofRoot }
    // getenv's result is copied at once; nothing changes the environment meanwhile.
    guard let runtime = unsafe getenv("XDG_RUNTIME_DIR").map({ unsafe String(cString: $0) }),
      runtime.hasPrefix("/")
    else { return nil }
    return StateFolder(path: "\(runtime)/swiftvm")
  }

  var networks: String { "\(path)/networks" }
  var machines: String { "\(path)/machines" }
  var sysctls: String { "\(path)/sysctls.json" }

  func folder(ofNetwork name: String) -> String { "\(networks)/\(name)" }
  func record(ofNetwork name: String) -> String { "\(folder(ofNetwork: name))/network.json" }
  func dnsmasq(of network: VirtualNetwork) -> Daemon {
    Daemon(program: .dnsmasq, pidFile: "\(folder(ofNetwork: network.name))/dnsmasq.pid")
  }
  func leases(ofNetwork name: String) -> String { "\(folder(ofNetwork: name))/leases" }
  func reservations(ofNetwork name: String) -> String { "\(folder(ofNetwork: name))/hosts" }
  func record(ofMachine name: String) -> String { "\(machines)/\(name).json" }

  /// The folders that there must be before anything else.
  var steps: [Step] { [.makeFolder(path), .makeFolder(networks), .makeFolder(machines)] }

  /// Whether all that is told there is this user's own.
  var isOwn: Bool {
    do throws(Failure) {
      try OwnFolder.checkPlace(of: path)
      _ = try OwnFolder(path)
      return true
    } catch {
      return false
    }
  }

  /// Waits until no other process changes anything, and keeps others out meanwhile.
  ///
  /// - Parameter isCancelled: asked now and then while it waits, by whoever is deaf to signals meanwhile.
  func locked<Result>(
    isCancelled: (() -> Bool)? = nil, _ body: () throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try OwnFolder.checkPlace(of: path)
    for step in steps { try step.perform() }
    let folder = try OwnFolder(path)
    let file: Int32
    do throws(Errno) {
      file = try folder.open("lock").release()
    } catch {
      throw Failure(.hostNotAble, "\(path)/lock: \(error)", hint: error.shortageHint)
    }
    defer { close(file) }
    try wait(for: file, isCancelled)
    return try body()
  }

  private func wait(for lock: Int32, _ isCancelled: (() -> Bool)?) throws(Failure) {
    var result = isCancelled == nil ? chost_wait_for_lock(lock) : chost_lock_file(lock, 1)
    // fcntl(2) wakes for no signal that waits in a descriptor.
    while let isCancelled, result == -EAGAIN || result == -EACCES {
      guard !isCancelled() else { throw .cancelled }
      usleep(10_000)
      result = chost_lock_file(lock, 1)
    }
    guard result >= 0 else {
      let error = Errno(rawValue: -result)
      throw Failure(.hostNotAble, "\(path)/lock: \(error)", hint: error.shortageHint)
    }
  }

  // MARK: Records

  /// The networks that were begun and not ended, by name. What cannot be read is none: its maker was stopped
  /// before it did anything.
  func virtualNetworks() -> [VirtualNetwork] {
    StateFile.names(in: networks).compactMap { read(record(ofNetwork: $0)) }
  }

  /// The machine of the name, dead or alive.
  func machine(_ name: String) -> MachineRecord? {
    let path = record(ofMachine: name)
    return SystemFile.exists(path) ? read(path) : nil
  }

  func network(_ name: String) -> VirtualNetwork? { read(record(ofNetwork: name)) }

  /// The machines that were begun and not ended, by name, the dead ones too.
  func machineRecords() -> [MachineRecord] {
    StateFile.names(in: machines).filter { $0.hasSuffix(".json") }.compactMap { read("\(machines)/\($0)") }
  }

  /// Removes the records that somebody was stopped at.
  func removeHalfWritten() {
    for folder in [path, machines] {
      for name in StateFile.names(in: folder) where name.hasSuffix(StateFile.unfinished) {
        StateFile.remove("\(folder)/\(name)")
      }
    }
  }

  func read<Record: Decodable>(_ path: String) -> Record? {
    guard let bytes = StateFile.contents(of: path) else { return nil }
    return try? JSONDecoder().decode(Record.self, from: Data(bytes))
  }

  static func json(_ record: some Encodable) -> String {
    JSONText.of(record) + "\n"
  }
}
