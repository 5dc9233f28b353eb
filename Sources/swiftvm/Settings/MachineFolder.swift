internal import CLinux
internal import SystemPackage

/// A folder whose `machine.json` says how to run what lies in it: the options of `run` as `--config` takes them, but
/// with paths that begin in the folder.
struct MachineFolder {
  static let fileName = "machine.json"

  /// As the person wrote it, but for slashes at its end.
  let path: String

  init(_ path: String) throws(Failure) {
    guard !path.isEmpty else {
      throw Failure(
        .usage, "the folder to run has no name", hint: "an empty word stands among the options")
    }
    do throws(Errno) {
      try Self.find("\(path)/.")
    } catch {
      switch error {
      case .noSuchFileOrDirectory:
        // Mostly a word that lost its quotes, or its option.
        throw Failure(
          .usage, "folder \(path): \(error)",
          hint: "a word without an option is a folder to run; quote kernel arguments: -a \"quiet panic=1\"")
      case .notDirectory:
        throw FileInsteadOfFolder(path).failure
      default:
        throw Failure(.usage, "folder \(path): \(error)", hint: InputFile.hint(for: error))
      }
    }
    self.path = FilePath(path).string
  }

  /// The machine that the folder describes, in which what `flags` say wins.
  ///
  /// - Parameter isTrusted: whether it may have files written outside the folder.
  func settings(overriddenBy flags: MachineSettings, isTrusted: Bool) throws(Failure) -> MachineSettings {
    let name = "\(path)/\(Self.fileName)"
    guard !Self.isMissing(name) else {
      throw Failure(
        .usage, "folder \(path) has no \(Self.fileName)",
        hint: "such a file holds options as --config takes them; an image alone goes with -k or --flat")
    }
    let described = try MachineSettings.parse(
      try InputFile.contents(of: name, what: "configuration"), name: name
    ).relative(to: path)
    if !isTrusted { try FolderOutputs(of: path, described, besides: flags).check() }
    let settings = described.overridden(by: flags)
    // Mostly it was not built yet. What else is wrong with it, its opener tells.
    for key in ["kernel", "flat"] {
      guard let image = settings.text(key), image == described.text(key), Self.isMissing(image) else {
        continue
      }
      throw Failure(
        .usage, "\(image), which \(name) names, is not there",
        hint: "build it first; `make guests` builds those that come with swiftvm")
    }
    return settings
  }

  private static func isMissing(_ path: String) -> Bool {
    do throws(Errno) {
      try find(path)
      return false
    } catch {
      return error == .noSuchFileOrDirectory
    }
  }

  private static func find(_ path: String) throws(Errno) {
    // The call keeps nothing of the path.
    if unsafe access(path, F_OK) != 0 { throw Errno(rawValue: clinux_errno()) }
  }
}
