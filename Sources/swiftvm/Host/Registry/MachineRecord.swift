/// What other commands know of a machine that runs.
struct MachineRecord: Codable, Equatable {
  struct Card: Codable, Equatable {
    /// As `--net` names it: `nat=default`, `bridge=br0`, `tap=tap0`, `fd=3`, `user`.
    let source: String
    /// Nil where it is on none.
    let network: String?
    let bridge: String?
    let interface: String
    let mac: String
    /// What it gets by DHCP.
    let address: IPv4Address?

    /// Whether it is no part of a network of the host.
    var isUser: Bool { source == "user" }
  }

  let name: String
  private(set) var process: ProcessIdentity
  let cpus: Int
  /// Bytes.
  let memory: UInt64
  /// Where its serial console leads: as `--serial` names it, with a path from the root.
  var console: String
  /// The same of its virtio console.
  var virtioConsole: String?
  var cards: [Card] = []
  var published: [String] = []

  /// Whether it died with a place in a network, which others must still learn of.
  var isToBeSwept: Bool { !process.isAlive && cards.contains { $0.network != nil } }

  /// The record of the same machine when nothing of it runs any more.
  var ended: MachineRecord {
    var record = self
    record.process = .nobody
    return record
  }

  /// The address that published ports lead to, and its network.
  var publishedCard: Card? { published.isEmpty ? nil : cards.first { $0.network != nil || $0.isUser } }
}

/// A process, told from others that get its number after it.
struct ProcessIdentity: Codable, Equatable {
  let id: Int32
  /// When it began, in the kernel's ticks since its own start.
  let start: UInt64

  /// One that there never is.
  static let nobody = ProcessIdentity(id: 0, start: 0)

  private init(id: Int32, start: UInt64) {
    (self.id, self.start) = (id, start)
  }

  /// Reads `text` back.
  init?(text: String) {
    let words = text.split { $0 == " " || $0 == "\n" }
    guard words.count == 2, let id = Int32(words[0]), let start = UInt64(words[1]) else { return nil }
    self.init(id: id, start: start)
  }

  var text: String { "\(id) \(start)\n" }

  /// The process `id`, where there is one.
  init?(_ id: Int32) {
    self.init(folder: "/proc/\(id)")
  }

  /// This process as /proc, and so everybody who looks there, calls it: it may have another number in a process
  /// namespace of its own.
  static var own: ProcessIdentity? { ProcessIdentity(folder: "/proc/self") }

  private init?(folder: String) {
    // The second field is the program's name, which may hold anything, in parentheses.
    guard let status = SystemFile.text("\(folder)/stat"), let end = status.lastIndex(of: ")") else {
      return nil
    }
    let fields = status[end...].split(separator: " ")
    // Field 22 of proc(5); the name's end stands for field 2. A zombie runs no machine.
    guard fields.count > 20, fields[1] != "Z", fields[1] != "X", let start = UInt64(fields[20]) else {
      return nil
    }
    guard let id = Int32(status.prefix { $0 != " " }) else { return nil }
    (self.id, self.start) = (id, start)
  }

  var isAlive: Bool { ProcessIdentity(id) == self }
}
