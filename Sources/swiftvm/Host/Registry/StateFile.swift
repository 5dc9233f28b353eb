internal import CLinux
internal import Devices
internal import SystemPackage

/// Files that tell other commands, and later ones, what was done. Everybody may read them.
enum StateFile {
  /// What a file that is being written is called besides its name.
  static let unfinished = ".new"

  /// Puts `text` in the place of what was there, all at once.
  static func write(_ text: String, to path: String) throws(Failure) {
    let path = FilePath(path)
    let folder = try OwnFolder(path.removingLastComponent().string)
    do throws(Errno) {
      try folder.write(text, to: path.lastComponent?.string ?? "")
    } catch {
      throw failure(path.string, error)
    }
  }

  /// What is in a file of ours or of root's; nil for everything else, which is neither waited for nor believed.
  static func contents(of path: String) -> [UInt8]? {
    var status = stat()
    guard let file = try? OwnedDescriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY) else {
      return nil
    }
    // The call fills the local structure.
    guard unsafe fstat(file.number, &status) == 0, [0, geteuid()].contains(status.st_uid),
      Int32(truncatingIfNeeded: status.st_mode) & S_IFMT == S_IFREG
    else { return nil }
    return try? InputFile.contents(of: file, name: path)
  }

  /// Writes to a file of /proc/sys.
  static func set(_ path: String, _ value: String) throws(Failure) {
    do throws(Errno) {
      let file = try OwnedDescriptor.open(path, O_WRONLY)
      // Without a newline: some kernels tell of the digit alone.
      try file.fill(with: value)
    } catch {
      throw failure(path, error)
    }
  }

  /// Removes a file, or a folder with its files.
  static func remove(_ path: String) {
    // The call keeps nothing of the path.
    guard unsafe unlink(path) != 0, clinux_errno() == EISDIR else { return }
    for name in names(in: path) { remove("\(path)/\(name)") }
    unsafe rmdir(path)
  }

  /// What is in a folder, sorted.
  static func names(in folder: String) -> [String] {
    guard let stream = unsafe opendir(folder) else { return [] }
    defer { unsafe closedir(stream) }
    var names: [String] = []
    while let entry = unsafe readdir(stream) {
      // The kernel ends the name with a NUL inside the array.
      let name = unsafe withUnsafeBytes(of: entry.pointee.d_name) { bytes in
        unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted()
  }

  static func failure(_ path: String, _ error: Errno) -> Failure {
    Failure(
      .hostNotAble, "\(path): \(error)",
      hint: error == .permissionDenied ? "run it with the privilege of whoever began it" : error.shortageHint)
  }
}
