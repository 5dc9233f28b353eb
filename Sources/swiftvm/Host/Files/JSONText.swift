internal import FoundationEssentials

/// JSON as swiftvm prints and keeps it: on several lines, keys sorted.
enum JSONText {
  /// - Parameter value: of strings, numbers, flags and arrays of these, which always encode.
  static func of(_ value: some Encodable) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(value)).map { String(decoding: $0, as: UTF8.self) } ?? "{}"
  }
}
