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
