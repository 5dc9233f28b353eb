/// Where a text stops being JSON (RFC 8259), and what was expected there: the decoder only says that it does.
struct JSONFault: Equatable, CustomStringConvertible {
  /// From 1.
  let line: Int
  /// From 1, in bytes.
  let column: Int
  let expected: String

  var description: String { "line \(line), column \(column): \(expected) is expected" }

  /// Nil where `bytes` are JSON.
  init?(in bytes: [UInt8]) {
    var scan = JSONScan(bytes)
    guard let expected = scan.fault() else { return nil }
    let before = bytes[..<scan.position]
    line = 1 + before.count { $0 == UInt8(ascii: "\n") }
    column = before.count - (before.lastIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? 0) + 1
    self.expected = expected
  }
}

/// Goes over a text once, without recursion: nesting is the text's to choose.
private struct JSONScan {
  private let bytes: [UInt8]
  private(set) var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  /// What is expected at `position`; nil: nothing, it was all JSON.
  mutating func fault() -> String? {
    // The closing brackets that are due.
    var open: [UInt8] = []
    while true {
      // A value, or the end of what was just opened.
      skipSpace()
      switch next {
      case UInt8(ascii: "{"):
        position += 1
        open.append(UInt8(ascii: "}"))
        skipSpace()
        if next != UInt8(ascii: "}") {
          if let fault = key(orEnd: true) { return fault }
          continue
        }
      case UInt8(ascii: "["):
        position += 1
        open.append(UInt8(ascii: "]"))
        skipSpace()
        if next != UInt8(ascii: "]") { continue }
      default:
        if let fault = scalar() { return fault }
      }
      // Behind a value: a comma, or the end of what is around it.
      while true {
        skipSpace()
        guard let end = open.last else { return next == nil ? nil : "the end of the text" }
        if next == end {
          position += 1
          open.removeLast()
        } else if next == UInt8(ascii: ",") {
          position += 1
          if end == UInt8(ascii: "}"), let fault = key(orEnd: false) { return fault }
          break
        } else {
          return "\",\" or \"\(Character(UnicodeScalar(end)))\""
        }
      }
    }
  }

  private mutating func key(orEnd: Bool) -> String? {
    skipSpace()
    guard next == UInt8(ascii: "\"") else { return orEnd ? "a key in quotes, or \"}\"," : "a key in quotes" }
    if let fault = string() { return fault }
    skipSpace()
    guard next == UInt8(ascii: ":") else { return "\":\"" }
    position += 1
    return nil
  }

  private mutating func scalar() -> String? {
    switch next {
    case UInt8(ascii: "\""): return string()
    case let byte? where byte == UInt8(ascii: "-") || Self.isDigit(byte): return number()
    default:
      for word in ["true", "false", "null"] where bytes[position...].starts(with: word.utf8) {
        position += word.utf8.count
        return nil
      }
      return "a value"
    }
  }

  private mutating func string() -> String? {
    position += 1
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        position += 1
        return nil
      case UInt8(ascii: "\\"):
        position += 1
        guard let escaped = next, "\"\\/bfnrtu".utf8.contains(escaped) else { return "an escape such as \\n" }
        position += 1
        guard escaped == UInt8(ascii: "u") else { continue }
        for _ in 0..<4 {
          guard let digit = next, Character(UnicodeScalar(digit)).isHexDigit else {
            return "a hexadecimal digit"
          }
          position += 1
        }
      case 0..<0x20: return "a quote, as a text ends in its line,"
      default: position += 1
      }
    }
    return "a quote"
  }

  private mutating func number() -> String? {
    if next == UInt8(ascii: "-") { position += 1 }
    if next == UInt8(ascii: "0") { position += 1 } else if !digits() { return "a digit" }
    if next == UInt8(ascii: ".") {
      position += 1
      if !digits() { return "a digit" }
    }
    if next == UInt8(ascii: "e") || next == UInt8(ascii: "E") {
      position += 1
      if next == UInt8(ascii: "+") || next == UInt8(ascii: "-") { position += 1 }
      if !digits() { return "a digit" }
    }
    return nil
  }

  /// Whether there was one.
  private mutating func digits() -> Bool {
    let start = position
    while let byte = next, Self.isDigit(byte) { position += 1 }
    return position > start
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
  }

  private mutating func skipSpace() {
    while let byte = next, [0x20, 0x09, 0x0A, 0x0D].contains(byte) { position += 1 }
  }
}
