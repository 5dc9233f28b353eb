/// What `--help` says of the options of a command that starts a machine: a line or two each.
enum SettingHelp {
  /// Where the texts begin.
  private static let column = 26

  static func text(abstract: String, usage: String) -> String {
    var lines = [abstract, "", usage]
    for group in Setting.Group.allCases {
      lines.append("\(group.rawValue.uppercased()):")
      for setting in SettingTable.all where setting.group == group {
        if let help = setting.help { lines += self.lines(setting, help) }
      }
    }
    return lines.joined(separator: "\n")
  }

  private static func lines(_ setting: Setting, _ help: String) -> [String] {
    let names = setting.names.map(\.dashed).joined(separator: ", ")
    let head = "  \(names)" + (setting.form.placeholder.map { " <\($0.lowercased())>" } ?? "")
    var texts = help.split(separator: "\n").map(String.init)
    if let standard = setting.standard { texts[texts.count - 1] += " (\(standard))" }
    return texts.enumerated().map { index, text in
      let start = index == 0 ? head : ""
      return start + String(repeating: " ", count: max(1, column - start.count)) + text
    }
  }
}

extension Setting {
  /// A short name, and the long one that is its key.
  var names: [CommandTree.Name] {
    (short.map { [CommandTree.Name(kind: .short, name: String($0))] } ?? [])
      + [CommandTree.Name(kind: .long, name: key)]
  }
}
