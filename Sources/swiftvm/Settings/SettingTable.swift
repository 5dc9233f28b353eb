/// Every option once. A machine is told of them in this order: an option may look at what those before it said.
enum SettingTable {
  static let all = boot + hardware + network + life + view + command
  static let machine = all.filter(\.isOfMachine)

  /// The option with this long name or alias.
  static func setting(long name: some StringProtocol) -> Setting? {
    all.first { $0.key == name || $0.aliases.contains { $0 == name } }
  }

  static func setting(short name: Character) -> Setting? {
    all.first { $0.short == name }
  }
}
