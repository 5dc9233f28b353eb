internal import CLinux
internal import SystemPackage

/// The files that a folder's `machine.json` has written. Somebody else may have made the folder: without the user's
/// word, they lie in it. What is only read may lie anywhere.
struct FolderOutputs {
  private let folder: String
  /// Each with the option that names it.
  private let files: [(option: String, path: String)]

  /// - Parameters:
  ///   - described: what the folder says, with paths as swiftvm opens them.
  ///   - flags: what the user says, and answers for.
  init(of folder: String, _ described: MachineSettings, besides flags: MachineSettings) {
    self.folder = folder
    var files: [(String, String)] = []
    for setting in SettingTable.machine where flags[setting.key] == nil {
      // A value that cannot be read is refused as such.
      guard let use = setting.path else { continue }
      let written = described[setting.key]?.texts.filter(use.isWritten) ?? []
      files += written.compactMap(use.path).map { ("--\(setting.key)", $0) }
    }
    self.files = files
  }

  /// Ends with an error where one lies elsewhere.
  func check() throws(Failure) {
    for file in files where isElsewhere(file.path) {
      throw Failure(
        .usage,
        """
        \(folder)/\(MachineFolder.fileName): \(file.option) \(file.path) would be written to, and does not lie in \
        the folder
        """,
        hint: "give it on the command line, or, where you trust the folder's maker, --trust-folder")
    }
  }

  /// Whether `path` leads out of the folder, links followed.
  private func isElsewhere(_ path: String) -> Bool {
    guard let folder = Self.resolved(folder) else { return true }
    if let file = Self.resolved(path) { return !file.starts(with: folder) }
    var status = stat()
    // A link to what is not there yet. The call fills the local structure and keeps nothing of the path.
    if unsafe lstat(path, &status) == 0 { return true }
    // Where there is no folder to make it in, its opener says so.
    guard let parent = Self.resolved(FilePath(path).removingLastComponent().string) else { return false }
    return !parent.starts(with: folder)
  }

  /// The path without links, `.` and `..`; nil where nothing is there.
  private static func resolved(_ path: String) -> FilePath? {
    // A text of the C library's, freed once it was copied.
    guard let text = unsafe realpath(path.isEmpty ? "." : path, nil) else { return nil }
    defer { unsafe free(text) }
    return unsafe FilePath(platformString: text)
  }
}
