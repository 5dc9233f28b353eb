internal import FoundationEssentials
internal import Hypervisor

extension ConfigurationFile {
  /// Reads a document; `name` is what errors call it.
  static func parse(_ bytes: [UInt8], name: String) throws(Failure) -> ConfigurationFile {
    let data = Data(bytes)
    do {
      let keys = try JSONDecoder().decode([String: Ignored].self, from: data).keys
      for key in keys.sorted() where CodingKeys(rawValue: key) == nil {
        let known = CodingKeys.allCases.map(\.rawValue)
        throw Failure(
          .usage, "\(name): unknown key \"\(key)\"",
          hint: key.nearest(of: known).map { "did you mean \"\($0)\"?" }
            ?? "the keys are \(known.sorted().joined(separator: ", "))")
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

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    kernel = try values.decodeIfPresent(String.self, forKey: .kernel)
    initrd = try values.decodeIfPresent(String.self, forKey: .initrd)
    flat = try values.decodeIfPresent(String.self, forKey: .flat)
    append = try values.decodeIfPresent([String].self, forKey: .append)
    appendOnly = try values.decodeIfPresent(String.self, forKey: .appendOnly)
    memory = try values.decodeIfPresent(MemoryText.self, forKey: .memory)
    cpus = try values.number(.cpus)
    disk = try values.decodeIfPresent([String].self, forKey: .disk)
    net = try values.decodeIfPresent([String].self, forKey: .net)
    publish = try values.decodeIfPresent([String].self, forKey: .publish)
    name = try values.decodeIfPresent(String.self, forKey: .name)
    serial = try values.decodeIfPresent(String.self, forKey: .serial)
    console = try values.decodeIfPresent(String.self, forKey: .console)
    noRNG = try values.decodeIfPresent(Bool.self, forKey: .noRNG)
    onReboot = try values.decodeIfPresent(String.self, forKey: .onReboot)
    shutdownTimeout = try values.number(.shutdownTimeout)
    bootHint = try values.number(.bootHint)
    debugExit = try values.decodeIfPresent(String.self, forKey: .debugExit)
    exitStats = try values.decodeIfPresent(Bool.self, forKey: .exitStats)
  }

  /// Any JSON value; only its key is of interest.
  private struct Ignored: Decodable {
    init(from decoder: any Decoder) throws {}
  }
}

extension KeyedDecodingContainer {
  /// A number that does not fit is told with its key: the decoder would call the whole document
  /// no JSON.
  fileprivate func number<Number: FixedWidthInteger & Decodable>(_ key: Key) throws -> Number? {
    do {
      return try decodeIfPresent(Number.self, forKey: key)
    } catch {
      throw DecodingError.dataCorruptedError(
        forKey: key, in: self, debugDescription: "a whole number, at most \(Number.max), is expected")
    }
  }
}

extension String {
  /// The one of `candidates` that differs by the fewest typing errors, at most a third of its length.
  func nearest(of candidates: [String]) -> String? {
    candidates
      .map { (candidate: $0, distance: editDistance(to: $0)) }
      .filter { $0.distance <= max(1, $0.candidate.count / 3) }
      .min { $0.distance < $1.distance }?.candidate
  }

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
