internal import Hypervisor

/// What was said about a machine, by flags, a file or a folder, as it was said. What nobody said is not there.
struct MachineSettings: Equatable, Sendable {
  private(set) var values: [String: SettingValue] = [:]

  init() {}

  /// What `plan` says, every key that has a value.
  init(_ plan: MachinePlan) {
    for setting in SettingTable.machine { values[setting.key] = setting.value(in: plan) }
  }

  subscript(key: String) -> SettingValue? {
    get { values[key] }
    set { values[key] = newValue }
  }

  /// Of an option that has texts, the first one.
  func text(_ key: String) -> String? { values[key]?.texts.first }

  func isOn(_ key: String) -> Bool { values[key] == .flag(true) }

  /// Adds what was said once more. A list grows by it, else the last word counts.
  mutating func add(_ value: SettingValue, for key: String) {
    if case .list(let more) = value, case .list(let texts) = values[key] {
      values[key] = .list(texts + more)
    } else {
      values[key] = value
    }
  }

  /// What stands in `other` wins.
  func overridden(by other: MachineSettings) -> MachineSettings {
    var merged = self
    for setting in SettingTable.machine where other[setting.key] != nil {
      for key in setting.displaces { merged[key] = nil }
    }
    merged.values.merge(other.values) { $1 }
    return merged
  }

  /// The same, with the paths that do not begin at the root beginning in `folder`.
  func relative(to folder: String) -> MachineSettings {
    var moved = self
    for setting in SettingTable.machine {
      guard let use = setting.path else { continue }
      moved[setting.key] = values[setting.key]?.mapTexts { use.moved($0, to: folder) }
    }
    return moved
  }

  /// The plan that they make, defaults filled in.
  func plan() throws(Failure) -> MachinePlan {
    var result = MachinePlan()
    for setting in SettingTable.machine {
      if let value = values[setting.key] { try setting.apply(value, to: &result) }
    }
    return result
  }
}
