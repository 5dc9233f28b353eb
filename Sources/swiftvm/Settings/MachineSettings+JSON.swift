internal import FoundationEssentials

extension MachineSettings {
  /// Reads a JSON object whose keys are options' long names; `name` is what errors call it.
  static func parse(_ bytes: [UInt8], name: String) throws(Failure) -> MachineSettings {
    let values: [String: JSONValue]
    do {
      values = try JSONDecoder().decode([String: JSONValue].self, from: Data(bytes))
    } catch {
      throw malformed(name, fault(in: bytes) ?? "no JSON object, or one that is nested too deeply")
    }
    var settings = MachineSettings()
    for (key, value) in values.sorted(by: { $0.key < $1.key }) {
      guard let setting = SettingTable.machine.first(where: { $0.key == key }) else {
        throw unknown(key, name)
      }
      if case .null = value { continue }
      guard let read = value.read(as: setting.form) else {
        // The decoder looks at a value when it is asked for it.
        throw malformed(
          name, fault(in: bytes) ?? "key \"\(key)\": \(Self.expected(by: setting.form)) is expected")
      }
      // As a path, the kernel would take it for another one: the one that ends there.
      guard !read.texts.contains(where: { $0.utf8.contains(0) }) else {
        throw Failure(
          .usage, "\(name): key \"\(key)\": there is a NUL in the text",
          hint: "leave \\u0000 out: no file has such a name, and no option such a value")
      }
      settings[key] = read
    }
    return settings
  }

  /// The object as text, keys sorted.
  func json() -> String {
    JSONText.of(values)
  }

  private static func unknown(_ key: String, _ name: String) -> Failure {
    let known = SettingTable.machine.map(\.key)
    let near = SettingTable.setting(long: key).map(\.key) ?? key.nearest(of: known)
    // A command's own option is known to the table, and no key.
    let isKey = near.map(known.contains) == true
    return Failure(
      .usage, "\(name): unknown key \"\(key.shortened)\"",
      hint: isKey
        ? near.map { "did you mean \"\($0)\"?" } : "the keys are \(known.sorted().joined(separator: ", "))")
  }

  private static func fault(in bytes: [UInt8]) -> String? {
    if let fault = JSONFault(in: bytes) { return fault.description }
    return String(validating: bytes, as: UTF8.self) == nil ? "the text is not UTF-8" : nil
  }

  private static func malformed(_ name: String, _ what: String) -> Failure {
    Failure(
      .usage, "\(name): \(what)", hint: "`swiftvm run --dump-config` prints a document of the right form")
  }

  private static func expected(by form: Setting.Form) -> String {
    switch form {
    case .flag: "true or false"
    case .text: "a text"
    case .amount: "a text, or a whole number,"
    case .number(_, let most, _, _): "a whole number, at most \(most),"
    case .list: "an array of texts"
    }
  }
}

extension SettingValue: Encodable {
  func encode(to encoder: any Encoder) throws {
    var value = encoder.singleValueContainer()
    switch self {
    case .flag(let isOn): try value.encode(isOn)
    case .number(let number): try value.encode(number)
    case .text(let text): try value.encode(text)
    case .list(let texts): try value.encode(texts)
    }
  }
}

/// What JSON has for an option.
private enum JSONValue: Decodable {
  case null
  case said(SettingValue)
  /// What no option takes.
  case other

  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    if value.decodeNil() {
      self = .null
    } else if let isOn = try? value.decode(Bool.self) {
      self = .said(.flag(isOn))
    } else if let number = try? value.decode(UInt64.self) {
      self = .said(.number(number))
    } else if let text = try? value.decode(String.self) {
      self = .said(.text(text))
    } else if let texts = try? value.decode([String].self) {
      self = .said(.list(texts))
    } else {
      self = .other
    }
  }

  func read(as form: Setting.Form) -> SettingValue? {
    guard case .said(let said) = self else { return nil }
    switch (form, said) {
    case (.flag, .flag), (.text, .text), (.amount, .text), (.list, .list): return said
    case (.amount, .number(let number)): return .text("\(number)")
    case (.number(_, let most, _, _), .number(let number)): return number <= most ? said : nil
    default: return nil
    }
  }
}
