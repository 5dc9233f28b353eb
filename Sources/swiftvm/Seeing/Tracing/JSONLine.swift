/// One line of JSON, put together by appending: for what is written a million times, where an encoder would take
/// longer than all else.
struct JSONLine {
  private(set) var bytes: [UInt8] = []
  /// Whether a comma comes before the next member.
  private var hasMember = false

  mutating func clear() {
    bytes.removeAll(keepingCapacity: true)
    hasMember = false
  }

  /// An object, whose members `body` appends: the whole line without a key, or one of its members.
  mutating func object(_ key: StaticString? = nil, _ body: (inout JSONLine) -> Void) {
    if let key { begin(key) }
    append("{")
    hasMember = false
    body(&self)
    append("}")
    hasMember = true
  }

  mutating func member(_ key: StaticString, _ value: String) {
    begin(key)
    string(value)
  }

  mutating func member(_ key: StaticString, _ value: UInt64) {
    begin(key)
    decimal(value)
  }

  /// A number as the text that addresses are known by.
  mutating func hexadecimal(_ key: StaticString, _ value: UInt64) {
    begin(key)
    append("\"0x")
    bytes += String(value, radix: 16).utf8
    append("\"")
  }

  /// Nanoseconds as microseconds with three digits behind the point.
  mutating func microseconds(_ key: StaticString, _ nanoseconds: UInt64) {
    begin(key)
    decimal(nanoseconds / 1000)
    let rest = nanoseconds % 1000
    bytes += [UInt8(ascii: "."), digit(rest / 100), digit(rest / 10 % 10), digit(rest % 10)]
  }

  private mutating func begin(_ key: StaticString) {
    if hasMember { append(",") }
    hasMember = true
    append("\"")
    append(key)
    append("\":")
  }

  private mutating func decimal(_ value: UInt64) {
    bytes += String(value).utf8
  }

  private func digit(_ value: UInt64) -> UInt8 { UInt8(ascii: "0") + UInt8(value) }

  private mutating func string(_ value: String) {
    append("\"")
    for byte in value.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case ..<0x20: bytes += "\\u00\(byte < 16 ? "0" : "")\(String(byte, radix: 16))".utf8
      default: bytes.append(byte)
      }
    }
    append("\"")
  }

  private mutating func append(_ text: StaticString) {
    text.withUTF8Buffer { unsafe bytes.append(contentsOf: $0) }
  }
}
