import ProcessSupport

/// The lessons of guests/, as their pages run them.
enum Lesson {
  static func run(_ name: String, _ more: String...) async throws -> Program.Outcome {
    try await SwiftVMProgram.run(["run", "\(Repository.root)/guests/\(name)"] + more)
  }
}

extension Program.Outcome {
  /// What it said, line by line.
  var lines: [String] { output.split(separator: "\r\n").map(String.init) }
}
