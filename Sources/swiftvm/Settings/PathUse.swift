internal import Hypervisor

/// The path that stands in an option's value: where, and what becomes of its file.
struct PathUse: Sendable {
  enum Place: Sendable {
    case whole
    /// Behind one of these words. A value without any is a path itself where `orWhole`, else has none.
    case behind([String], orWhole: Bool)
    /// Up to the first comma; a comma in the path is written twice.
    case head
    /// Behind the first equals sign and an at sign, as in NAME=@PATH.
    case behindSign
  }

  let place: Place
  /// Whether the file of a value is written to.
  let isWritten: @Sendable (String) -> Bool

  static func read(_ place: Place) -> PathUse { PathUse(place: place) { _ in false } }
  static func written(_ place: Place) -> PathUse { PathUse(place: place) { _ in true } }

  /// The path in `value`, as it is opened.
  func path(in value: String) -> String? {
    guard let start = start(in: value) else { return nil }
    guard case .head = place else { return String(value[start...]) }
    return try? DiskWish(value).path
  }

  /// `value` with its path, where it does not begin at the root, beginning in `folder`.
  func moved(_ value: String, to folder: String) -> String {
    guard let start = start(in: value), !value[start...].hasPrefix("/") else { return value }
    var folder = folder
    if case .head = place { folder = folder.replacing(",", with: ",,") }
    return "\(value[..<start])\(folder)/\(value[start...])"
  }

  /// Where it begins in `value`.
  func start(in value: String) -> String.Index? {
    switch place {
    case .whole, .head: return value.startIndex
    case .behind(let words, let orWhole):
      let word = words.first { value.hasPrefix($0) }
      return word.map { value.index(value.startIndex, offsetBy: $0.count) }
        ?? (orWhole ? value.startIndex : nil)
    case .behindSign:
      guard let sign = value.firstIndex(of: "="), value[sign...].hasPrefix("=@") else { return nil }
      return value.index(sign, offsetBy: 2)
    }
  }
}
