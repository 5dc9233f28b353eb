import ProcessSupport
import Testing

/// swiftvm with a guest that a debugger can have, and the real gdb.
struct Debugger {
  let program: RunningProgram
  let socket: String
  // Held for the socket's folder.
  private let scratch: Scratch

  /// Starts a machine and waits until gdb can connect.
  init(_ arguments: [String], waits: Bool = true) throws {
    scratch = try Scratch()
    socket = scratch("gdb")
    program = try RunningProgram(
      Repository.executable,
      ["run", "-m", "16", "-v", "--gdb", "unix=\(socket)"] + (waits ? ["--gdb-wait"] : []) + arguments)
    try program.waitForError("the machine runs")
  }

  static let gdb = "gdb"

  /// The guest that adds numbers up, its symbols in it.
  static let image = "\(Repository.guests)/debugged.elf"

  /// Runs gdb to its end with these commands, once it is connected.
  func run(_ commands: String..., symbols: String = image) async throws -> Program.Outcome {
    try await Program.run(
      "timeout",
      ["-k", "5", "\(Patience.seconds)", Self.gdb, "-nx", "-batch", "-ex", "target remote \(socket)"]
        + commands.flatMap { ["-ex", $0] } + [symbols])
  }

  /// A client that speaks the protocol by itself.
  func connect() throws -> RawClient { RawClient(try Connection(socket: socket)) }
}

/// A client of gdb's protocol that says what no gdb would.
final class RawClient {
  private let connection: Connection
  private var taken = 0

  init(_ connection: Connection) {
    self.connection = connection
  }

  func send(_ bytes: [UInt8]) {
    connection.send(bytes)
  }

  /// Sends a packet.
  func send(_ packet: String) {
    let sum = packet.utf8.reduce(UInt8(0)) { $0 &+ $1 }
    let digits = String(sum, radix: 16)
    connection.send("$\(packet)#\(digits.count < 2 ? "0" : "")\(digits)".utf8)
  }

  /// Waits for the next packet and acknowledges it.
  func reply() throws -> String {
    while true {
      let new = connection.received.dropFirst(taken)
      if let start = new.firstIndex(of: UInt8(ascii: "$")),
        let end = new[start...].firstIndex(of: UInt8(ascii: "#")), new.endIndex > end + 2
      {
        taken = end + 3
        connection.send([UInt8(ascii: "+")])
        return String(decoding: new[(start + 1)..<end], as: UTF8.self)
      }
      try connection.wait(count: connection.received.count + 1)
    }
  }

  func ask(_ packet: String) throws -> String {
    send(packet)
    return try reply()
  }

  func waitForEnd() throws {
    try connection.waitForEnd()
  }

  func waitUntilSent() throws {
    try connection.waitUntilSent()
  }
}

extension Trait where Self == ConditionTrait {
  static var gdb: Self {
    .enabled(if: InstalledPrograms.include(Debugger.gdb), "needs gdb, which `make setup` installs")
  }
}
