internal import Hypervisor

/// An option of a machine, or of the commands that start one: all that there is to know of it. Command line, JSON,
/// help, manual, completion and hints walk the table of these.
struct Setting: Sendable {
  /// Its long name, which is its key in JSON too.
  let key: String
  let short: Character?
  /// Other long names.
  let aliases: [String]
  let group: Group
  let form: Form
  /// What a bare machine has, for people; nil: nothing to tell.
  let standard: String?
  /// What `--help` says, without the default; nil: another option's line names this one.
  let help: String?
  /// What the manual says: paragraphs, and lines `* term: text` for the items of a list, code in backquotes.
  let manual: String
  /// Where a path stands in its value, if one does.
  let path: PathUse?
  let completion: Completion
  /// The keys whose values somebody who gives this one does not want any more.
  let displaces: [String]

  init(
    _ key: String, short: Character? = nil, aliases: [String] = [], _ group: Group, _ form: Form,
    standard: String? = nil, help: String?, manual: String, path: PathUse? = nil,
    completion: Completion = .none, displaces: [String] = []
  ) {
    (self.key, self.short, self.aliases, self.group, self.form) = (key, short, aliases, group, form)
    (self.standard, self.help, self.manual, self.path) = (standard, help, manual, path)
    (self.completion, self.displaces) = (completion, displaces)
  }

  /// What an option is about; help and manual tell them in this order.
  enum Group: String, CaseIterable, Sendable {
    case boot = "Boot"
    case hardware = "Hardware"
    case network = "Network"
    case life = "Life"
    case view = "View"
    /// Of a command that starts a machine, not of the machine: no key of a configuration file.
    case command = "Command"
  }

  /// The kind of its value, and where that is in a plan.
  enum Form: Sendable {
    /// Said or not.
    case flag(write: Write<Bool>, read: Read<Bool>)
    case text(String, write: Write<String>, read: Read<String?>)
    /// A text that JSON may have as a number.
    case amount(String, write: Write<String>, read: Read<String?>)
    /// A whole number, at most `most`.
    case number(String, most: UInt64, write: Write<UInt64>, read: Read<UInt64>)
    /// Texts: what may be given again.
    case list(String, write: Write<[String]>, read: Read<[String]>)

    /// What stands for the value in help and manual; nil: a flag has none.
    var placeholder: String? {
      switch self {
      case .flag: nil
      case .text(let name, _, _), .amount(let name, _, _), .number(let name, _, _, _), .list(let name, _, _):
        name
      }
    }
  }

  typealias Write<Value> = @Sendable (inout MachinePlan, Value) throws(Failure) -> Void
  typealias Read<Value> = @Sendable (MachinePlan) -> Value

  /// What may stand for a value, for shells.
  enum Completion: Sendable {
    case none
    case files
    /// Words; one that ends in `=` goes on.
    case words([String])
  }
}

extension Setting {
  var isOfMachine: Bool { group != .command }

  /// Brings `value` into `plan`.
  func apply(_ value: SettingValue, to plan: inout MachinePlan) throws(Failure) {
    switch (form, value) {
    case (.flag(let write, _), .flag(let isOn)): try write(&plan, isOn)
    case (.text(_, let write, _), .text(let text)), (.amount(_, let write, _), .text(let text)):
      try write(&plan, text)
    case (.amount(_, let write, _), .number(let number)): try write(&plan, "\(number)")
    case (.number(_, _, let write, _), .number(let number)): try write(&plan, number)
    case (.list(_, let write, _), .list(let texts)): try write(&plan, texts)
    default: throw Failure(.internalError, "--\(key): the value is of another kind")
    }
  }

  /// Its value in `plan`; nil: nothing is said.
  func value(in plan: MachinePlan) -> SettingValue? {
    switch form {
    case .flag(_, let read): .flag(read(plan))
    case .text(_, _, let read), .amount(_, _, let read): read(plan).map { .text($0) }
    case .number(_, _, _, let read): .number(read(plan))
    case .list(_, _, let read): .list(read(plan))
    }
  }
}

/// What somebody said for an option.
enum SettingValue: Equatable, Sendable {
  case flag(Bool)
  case number(UInt64)
  case text(String)
  case list([String])

  /// Every text of it.
  var texts: [String] {
    switch self {
    case .flag, .number: []
    case .text(let text): [text]
    case .list(let texts): texts
    }
  }

  func mapTexts(_ transform: (String) -> String) -> SettingValue {
    switch self {
    case .flag, .number: self
    case .text(let text): .text(transform(text))
    case .list(let texts): .list(texts.map(transform))
    }
  }
}
