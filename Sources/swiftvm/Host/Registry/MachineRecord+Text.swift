extension MachineRecord {
  /// The record as JSON. Written out here: the encoder of Foundation costs a millisecond of every machine's start.
  var text: String {
    let cards = cards.map { card in
      Self.object([
        ("source", Self.quoted(card.source)), ("network", card.network.map(Self.quoted)),
        ("bridge", card.bridge.map(Self.quoted)), ("interface", Self.quoted(card.interface)),
        ("mac", Self.quoted(card.mac)), ("address", card.address.map { Self.quoted("\($0)") }),
      ])
    }
    return Self.object([
      ("name", Self.quoted(name)),
      ("process", Self.object([("id", "\(process.id)"), ("start", "\(process.start)")])),
      ("cpus", "\(cpus)"), ("memory", "\(memory)"), ("console", Self.quoted(console)),
      ("virtioConsole", virtioConsole.map(Self.quoted)),
      ("cards", "[\(cards.joined(separator: ", "))]"),
      ("published", "[\(published.map(Self.quoted).joined(separator: ", "))]"),
    ]) + "\n"
  }

  /// Leaves out what is nil.
  private static func object(_ members: [(String, String?)]) -> String {
    let lines = members.compactMap { key, value in value.map { "  \(quoted(key)) : \($0)" } }
    return "{\n\(lines.joined(separator: ",\n"))\n}"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      if scalar == "\"" || scalar == "\\" {
        result += "\\\(scalar)"
      } else if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
