import TestSupport

/// JSON that is nearly right.
struct TextFuzzer {
  var random: SeededRandom

  /// `text` with some of it changed, left out, doubled or put in.
  mutating func mutated(_ text: String) -> [UInt8] {
    var bytes = Array(text.utf8)
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let start = Int.random(in: 0...bytes.count, using: &random)
      let end = min(bytes.count, start + Int.random(in: 0...20, using: &random))
      switch UInt8.random(in: 0..<6, using: &random) {
      case 0: bytes.removeSubrange(start..<end)
      case 1: bytes.insert(contentsOf: bytes[start..<end], at: start)
      case 2 where start < bytes.count: bytes[start] = UInt8.random(in: 0...255, using: &random)
      default: bytes.insert(contentsOf: token(), at: start)
      }
    }
    return bytes
  }

  /// What a value of a text may be.
  mutating func text() -> String {
    (0..<Int.random(in: 0...8, using: &random)).map { _ in
      let scalars: [Unicode.Scalar] = [
        "\0", "\u{1F}", "\"", "\\", ",", "=", "/", ":", "a", "-", "\u{301}", "é", "\u{2028}", "\u{10FFFF}",
        "\u{FEFF}",
      ]
      return String(Character(scalars.randomElement(using: &random) ?? "a"))
    }.joined()
  }

  private mutating func token() -> [UInt8] {
    let tokens = [
      "{", "}", "[", "]", "\"", "\\", "\\u0000", "\\ud800", "\\u", ",", ":", "null", "true", "-1", "0", "1.5",
      "1e999", "-0",
      "18446744073709551616", "9223372036854775808", "1E-400", "\u{301}", "\u{FEFF}", "//", "{\"a\":",
      "\"name\":",
    ]
    switch UInt8.random(in: 0..<20, using: &random) {
    case 0: return Array(String(repeating: "[", count: 4000).utf8)
    case 1: return Array(String(repeating: "{\"a\":", count: 2000).utf8)
    case 2: return Array(String(repeating: "9", count: 2000).utf8)
    case 3: return [UInt8.random(in: 0x80...0xFF, using: &random)]
    default: return Array((tokens.randomElement(using: &random) ?? "").utf8)
    }
  }
}
