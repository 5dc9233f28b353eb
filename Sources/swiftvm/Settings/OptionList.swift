/// The value of an option that takes several: `PATH,readonly=on,serial=A` or `tap=NAME,mtu=1500`.
struct OptionList: Equatable {
  /// What comes before the first comma without a key, if anything.
  let head: String?
  private let pairs: [(key: String, value: String)]

  /// Reads `text`, whose keys must be among `keys`. A comma within a value is written twice.
  ///
  /// - Parameters:
  ///   - option: the option's name for errors, such as `--disk`.
  ///   - hasHead: whether the first part may stand without a key.
  ///   - foreign: what to do instead of keys that people bring along from other programs.
  init(
    _ text: String, option: String, keys: [String], hasHead: Bool, foreign: [String: String] = [:]
  ) throws(Failure) {
    var parts = Self.parts(text)
    guard let first = parts.first, !first.isEmpty else {
      throw Failure(.usage, "\(option) \"\(text)\": nothing is named")
    }
    var head: String?
    if hasHead {
      head = first
      parts.removeFirst()
    }
    var pairs: [(key: String, value: String)] = []
    for part in parts {
      let sides = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
      guard sides.count == 2, !sides[1].isEmpty else {
        throw Failure(.usage, "\(option): \"\(part.shortened)\" is no key=value", hint: Self.list(keys))
      }
      guard keys.contains(sides[0]) else {
        let known = foreign[sides[0]] ?? sides[0].nearest(of: keys).map { "did you mean \"\($0)\"?" }
        throw Failure(
          .usage, "\(option): unknown key \"\(sides[0].shortened)\"", hint: known ?? Self.list(keys))
      }
      guard !pairs.contains(where: { $0.key == sides[0] }) else {
        throw Failure(.usage, "\(option): key \"\(sides[0])\" given twice")
      }
      pairs.append((sides[0], sides[1]))
    }
    self.head = head
    self.pairs = pairs
  }

  subscript(key: String) -> String? {
    pairs.first { $0.key == key }?.value
  }

  static func == (left: OptionList, right: OptionList) -> Bool {
    left.head == right.head && left.pairs.elementsEqual(right.pairs, by: ==)
  }

  private static func list(_ keys: [String]) -> String {
    "the keys are \(keys.sorted().joined(separator: ", "))"
  }

  /// The parts between single commas, where two commas stand for one.
  private static func parts(_ text: String) -> [String] {
    var parts = [""]
    var rest = text[...]
    while let character = rest.popFirst() {
      if character != "," {
        parts[parts.count - 1].append(character)
      } else if rest.first == "," {
        rest.removeFirst()
        parts[parts.count - 1].append(",")
      } else {
        parts.append("")
      }
    }
    return parts
  }
}
