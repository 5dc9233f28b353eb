internal import Glibc
internal import ProcessSupport

/// What `make release` builds, before it is stripped of its symbols.
enum ReleaseBuild {
  static let path = Repository.root + "/.build-release/release/swiftvm"

  /// Read once, for all tests.
  static let executable = Task { try await Executable(path) }

  /// Its functions of `module`, by symbol, whose meaning is wanted.
  static func symbols(_ module: String, _ isWanted: (String) -> Bool) async throws -> [String] {
    try await executable.value.functions(of: module).filter { isWanted($0.value) }.map(\.key).sorted()
  }

  static var isThere: Bool {
    // The path is only read.
    unsafe access(path, R_OK) == 0
  }
}
