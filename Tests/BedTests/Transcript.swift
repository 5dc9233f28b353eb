internal import Testing

/// What a job in L1 said: the guest's console on standard output, swiftvm on standard error.
struct Transcript: CustomStringConvertible {
  let status: Int32
  let output: String
  let error: String

  /// The console's lines, without their carriage returns.
  var lines: [Substring] {
    output.split(whereSeparator: \.isNewline)
  }

  /// The lines that begin with `prefix`, without it.
  func lines(after prefix: String) -> [Substring] {
    lines.filter { $0.hasPrefix(prefix) }.map { $0.dropFirst(prefix.count) }
  }

  func said(_ text: String) -> Bool { output.contains(text) }

  func reported(_ text: String) -> Bool { error.contains(text) }

  /// Whether a guest triple-faulted, wherever the script had its machine say so.
  var hasTripleFault: Bool { reported("triple fault") || output.contains(": triple fault at ") }

  /// Each time that the guest came up: its processors and its memory in KiB. What it said before a reset need not have
  /// ended its line.
  var arrivals: [(cpus: Int, memory: Int)] {
    lines.compactMap { line in
      guard let match = line.firstMatch(of: /swiftvm-guest: up (\d+) cpus (\d+) kB$/),
        let cpus = Int(match.1), let memory = Int(match.2)
      else { return nil }
      return (cpus, memory)
    }
  }

  var description: String {
    "status \(status)\n--- console\n\(output)\n--- standard error\n\(error)"
  }

  /// The whole, for an expectation that fails.
  var comment: Comment { Comment(rawValue: description) }
}
