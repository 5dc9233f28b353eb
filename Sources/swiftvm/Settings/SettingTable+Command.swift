extension SettingTable {
  static let command = [
    Setting(
      "config", .command, .text("FILE"), help: "JSON of options; flags win; --dump-config prints it",
      manual: """
        Reads the options of a machine from a JSON object: each key is an option's long name; flags win. Options that \
        may come again are arrays of strings, flags are `true`, numbers are numbers, all else are strings.
        """,
      path: .read(.whole), completion: .files),
    Setting(
      "trust-folder", .command, .flag, help: nil,
      manual: """
        What the folder's `machine.json` has written (disks without `readonly=on`, files and sockets of `serial`, \
        `console`, `trace`, `boot-chart`, `metrics` and `gdb`) may lie outside it. Without this only what is read may: \
        a guest with a network could send on all that you may read, so run folders of people you trust.
        """),
    Setting(
      "dump-config", .command, .flag, help: nil, manual: "Prints the options as JSON and ends."),
    Setting(
      "verbose", short: "v", .command, .flag, help: "Tell on standard error what is done, and when",
      manual: "Tells on standard error what is done, and when."),
    Setting("version", .command, .flag, help: nil, manual: "Prints swiftvm's version."),
    Setting(
      "help", short: "h", .command, .flag, help: "Show this; `man swiftvm` tells more of each",
      manual: "Shows the options, a line each."),
  ]
}

extension Setting.Form {
  /// Of a command, which looks at it itself.
  fileprivate static let flag = Setting.Form.flag { _, _ in
  } read: { _ in
    false
  }

  fileprivate static func text(_ placeholder: String) -> Setting.Form {
    .text(placeholder) { _, _ in
    } read: { _ in
      nil
    }
  }
}
