internal import FoundationEssentials
internal import Hypervisor

extension ConfigurationFile {
  /// Reads a document; `name` is what errors call it.
  static func parse(_ bytes: [UInt8], name: String) throws(Failure) -> ConfigurationFile {
    let data = Data(bytes)
    do {
      let values = try JSONDecoder().decode([String: Texts].self, from: data)
      let keys = values.keys
      for key in keys.sorted() where CodingKeys(rawValue: key) == nil {
        let known = CodingKeys.allCases.map(\.rawValue)
        throw Failure(
          .usage, "\(name): unknown key \"\(key.shortened)\"",
          hint: key.nearest(of: known).map { "did you mean \"\($0)\"?" }
            ?? "the keys are \(known.sorted().joined(separator: ", "))")
      }
      // As a path, the kernel would take it for another one: the one that ends there.
      for key in keys.sorted() where values[key]?.haveNUL == true {
        throw Failure(
          .usage, "\(name): key \"\(key)\": there is a NUL in the text",
          hint: "leave \\u0000 out: no file has such a name, and no option such a value")
      }
      return try JSONDecoder().decode(ConfigurationFile.self, from: data)
    } catch let failure as Failure {
      throw failure
    } catch let DecodingError.typeMismatch(_, context) {
      throw malformed(name, context)
    } catch let DecodingError.dataCorrupted(context) {
      throw malformed(name, context)
    } catch let DecodingError.valueNotFound(_, context) {
      throw malformed(name, context)
    } catch {
      throw Failure(.usage, "\(name): \(error)")
    }
  }

  /// The document as text, keys sorted.
  func json() -> String {
    JSONText.of(self)
  }

  private static func malformed(_ name: String, _ context: DecodingError.Context) -> Failure {
    let path = context.codingPath.map(\.stringValue).joined(separator: ".")
    return Failure(
      .usage, "\(name): \(path.isEmpty ? "" : "key \"\(path)\": ")\(context.debugDescription)",
      hint: "`swiftvm run --dump-config` prints a document of the right form")
  }

  /// The texts in any JSON value that a key has.
  private struct Texts: Decodable {
    let haveNUL: Bool

    init(from decoder: any Decoder) throws {
      let value = try decoder.singleValueContainer()
      let texts = (try? value.decode(String.self)).map { [$0] } ?? (try? value.decode([String].self)) ?? []
      haveNUL = texts.contains { $0.utf8.contains(0) }
    }
  }
}

/// What the compiler's reading of a document calls in place of the decoder's own: of a number that does not
/// fit, that would say that the whole document is no JSON.
extension KeyedDecodingContainer where Key == ConfigurationFile.CodingKeys {
  func decodeIfPresent(_ type: Int.Type, forKey key: Key) throws -> Int? { try number(key) }

  func decodeIfPresent(_ type: UInt32.Type, forKey key: Key) throws -> UInt32? { try number(key) }

  private func number<Number: FixedWidthInteger & Decodable>(_ key: Key) throws -> Number? {
    guard contains(key), try !decodeNil(forKey: key) else { return nil }
    do {
      return try decode(Number.self, forKey: key)
    } catch {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "a whole number, at most \(Number.max), is expected")
    }
  }
}

extension String {
  /// The one of `candidates` that differs by the fewest typing errors, at most a third of its length.
  func nearest(of candidates: [String]) -> String? {
    // No candidate is near to what is longer than any; a file may name a thing by a megabyte.
    guard utf8.count <= Self.longestName else { return nil }
    return
      candidates
      .map { (candidate: $0, distance: editDistance(to: $0)) }
      .filter { $0.distance <= max(1, $0.candidate.count / 3) }
      .min { $0.distance < $1.distance }?.candidate
  }

  /// The text as an error names it: of what is longer than any name, the beginning.
  var shortened: String {
    utf8.count <= Self.longestName
      ? self : String(String.UnicodeScalarView(unicodeScalars.prefix(Self.longestName))) + "..."
  }

  /// Bytes of UTF-8.
  private static var longestName: Int { 64 }

  /// How many characters must be replaced, left out or put in, or neighbours swapped, to get `other`.
  private func editDistance(to other: String) -> Int {
    let (mine, theirs) = (Array(self), Array(other))
    // What the first characters of both are apart: before the last character of this text, and with it.
    var before: [Int] = []
    var row = Array(0...theirs.count)
    for i in mine.indices {
      var next = [i + 1]
      for j in theirs.indices {
        var best = Swift.min(row[j] + (mine[i] == theirs[j] ? 0 : 1), next[j] + 1, row[j + 1] + 1)
        if i > 0, j > 0, mine[i] == theirs[j - 1], mine[i - 1] == theirs[j] {
          best = Swift.min(best, before[j - 1] + 1)
        }
        next.append(best)
      }
      (before, row) = (row, next)
    }
    return row[theirs.count]
  }
}
