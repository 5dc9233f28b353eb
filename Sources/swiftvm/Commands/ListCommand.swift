internal import ArgumentParser
internal import FoundationEssentials

struct ListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "Show the machines that run.")

  @Flag(help: "Print them as JSON")
  var json = false

  func run() throws {
    let reports = MachineReport.all()
    guard !json else { return print(StateFolder.json(reports), terminator: "") }
    var rows = [["NAME", "PID", "VCPUS", "MEMORY", "NETWORKS", "ADDRESSES", "CONSOLE"]]
    for report in reports {
      let machine = report.machine
      rows.append([
        machine.name, "\(machine.process.id)", "\(machine.cpus)", "\(MemorySize(bytes: machine.memory))",
        Self.joined(machine.cards.map(\.source)), Self.joined(report.addresses),
        Self.joined([machine.console] + (machine.virtioConsole.map { ["virtio \($0)"] } ?? [])),
      ])
    }
    print(Self.table(rows))
  }

  private static func joined(_ texts: [String]) -> String {
    texts.isEmpty ? "-" : texts.joined(separator: ",")
  }

  /// Columns under each other. What others wrote does nothing to the terminal.
  static func table(_ rows: [[String]]) -> String {
    let rows = rows.map { $0.map(\.withoutControls) }
    let widths = (rows.first ?? []).indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      let cells = zip(row, widths).map { $0 + String(repeating: " ", count: $1 - $0.count) }
      let line = cells.joined(separator: "  ")
      return String(line.reversed().drop { $0 == " " }.reversed())
    }.joined(separator: "\n")
  }
}

extension String {
  /// The text with a question mark in the place of each control character.
  fileprivate var withoutControls: String {
    String(
      String.UnicodeScalarView(unicodeScalars.map { $0.properties.generalCategory == .control ? "?" : $0 }))
  }
}

/// A machine as it is shown.
struct MachineReport: Encodable {
  let machine: MachineRecord
  /// Where its networks are told of.
  let state: StateFolder

  /// Those that it uses, asked for now.
  var addresses: [String] { GuestAddresses.of(machine, state) }

  /// Those that run and that this user can see.
  static func all() -> [MachineReport] {
    HostNetworks.visible().flatMap { networks in
      networks.machines().map { MachineReport(machine: $0, state: networks.state) }
    }
  }

  /// The record, and one key more.
  func encode(to encoder: any Encoder) throws {
    try machine.encode(to: encoder)
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(addresses, forKey: .addresses)
  }

  private enum CodingKeys: CodingKey {
    case addresses
  }
}

struct IPCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "ip", abstract: "Show a machine's addresses.",
    discussion: "ssh root@$(swiftvm ip web | head -n 1)")

  @Argument(help: "The machine's name")
  var name: String

  @Flag(help: "Print them as JSON")
  var json = false

  func run() throws {
    guard let report = MachineReport.all().first(where: { $0.machine.name == name }) else {
      throw Failure(
        .usage, "no machine named \(name) runs", hint: "`swiftvm list` shows those that do, --name names one")
    }
    let (machine, addresses) = (report.machine, report.addresses)
    guard !json else { return print(StateFolder.json(addresses), terminator: "") }
    guard !addresses.isEmpty else {
      throw Failure(
        .hostNotAble, "machine \(name) has no address that this host knows of",
        hint: machine.cards.isEmpty
          ? "it has no network card: --net nat gives it one"
          : "it may not have come up yet; a guest on a bridge is seen once it talked to this host")
    }
    print(addresses.joined(separator: "\n"))
  }
}

/// The addresses that a guest uses.
enum GuestAddresses {
  /// IPv4 first; of leases and of neighbour tables.
  static func of(_ machine: MachineRecord, _ state: StateFolder) -> [String] {
    var addresses: [String] = []
    for card in machine.cards {
      // The host has no neighbour there.
      if card.isUser {
        addresses += card.address.map { ["\($0)"] } ?? []
        continue
      }
      if let network = card.network {
        let leases = SystemFile.text(state.leases(ofNetwork: network)) ?? ""
        addresses += Reservations.leases(in: leases).filter { $0.mac == card.mac }.map { "\($0.address)" }
      }
      let neighbours = try? HostCommand(
        .ip, ["-json", "neighbour", "show", "dev", card.bridge ?? card.interface]
      ).run()
      addresses += Self.neighbours(in: neighbours?.output ?? "", of: card.mac)
    }
    var seen: Set<String> = []
    let unique = addresses.filter { seen.insert($0).inserted }
    return unique.filter { !$0.contains(":") } + unique.filter { $0.contains(":") }
  }

  /// The addresses in what `ip -json neighbour` wrote; link-local ones lead nowhere by themselves.
  static func neighbours(in text: String, of mac: String) -> [String] {
    struct Neighbour: Decodable {
      let dst, lladdr: String?
      let state: [String]?
    }
    let all = (try? JSONDecoder().decode([Neighbour].self, from: Data(text.utf8))) ?? []
    return all.filter { $0.lladdr == mac && $0.state != ["FAILED"] }.compactMap(\.dst)
      .filter { !$0.hasPrefix("fe80:") }
  }
}
