internal import CLinux
internal import Hypervisor
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
  init(of folder: String, _ described: ConfigurationFile, besides flags: ConfigurationFile) {
    self.folder = folder
    let targets = zip(Self.targets(described), Self.targets(flags)).filter { $1.text == nil }
    let disks = flags.disk == nil ? described.disk ?? [] : []
    // A disk or target that cannot be read is refused as such.
    files =
      targets.compactMap { target, _ in target.text.flatMap(target.path).map { (target.option, $0) } }
      + disks.compactMap { try? DiskConfiguration($0) }.filter { !$0.isReadOnly }.map { ("--disk", $0.path) }
  }

  private typealias Target = (option: String, text: String?, path: (String) -> String?)

  private static func targets(_ document: ConfigurationFile) -> [Target] {
    let console = { (text: String) in ConsoleTarget(text)?.path }
    return [
      ("--serial", document.serial, console), ("--console", document.console, console),
      ("--trace", document.trace, { $0 }), ("--boot-chart", document.bootChart, { $0 }),
      ("--metrics", document.metrics, { MetricsTarget($0)?.path }),
      ("--gdb", document.gdb, { DebuggerAddress($0)?.path }),
    ]
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

extension ConsoleTarget {
  fileprivate var path: String? {
    switch self {
    case .file(let path), .socket(let path): path
    case .stdio, .pty, .null: nil
    }
  }
}

extension MetricsTarget {
  fileprivate var path: String {
    switch self {
    case .file(let path), .socket(let path): path
    }
  }
}

extension DebuggerAddress {
  fileprivate var path: String? {
    if case .socket(let path) = self { path } else { nil }
  }
}
