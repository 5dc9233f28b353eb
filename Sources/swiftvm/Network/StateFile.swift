internal import CLinux
internal import Devices
internal import SystemPackage

/// Files that tell other commands, and later ones, what was done. Everybody may read them.
enum StateFile {
  static func makeFolder(_ path: String) throws(Failure) {
    // The calls keep nothing of the path. Whatever the person's umask is, dnsmasq's own user must get in.
    if unsafe mkdir(path, 0o755) == 0 {
      unsafe chmod(path, 0o755)
    } else if clinux_errno() != EEXIST {
      throw failure(path, Errno(rawValue: clinux_errno()))
    }
  }

  /// What a file that is being written is called besides its name.
  static let unfinished = ".new"

  /// Puts `text` in the place of what was there, all at once.
  static func write(_ text: String, to path: String) throws(Failure) {
    let fresh = path + unfinished
    do throws(Errno) {
      let file = try OwnedDescriptor.open(fresh, O_WRONLY | O_CREAT | O_TRUNC, mode: 0o644)
      fchmod(file.number, 0o644)
      try file.fill(with: text)
      // The call keeps nothing of the paths.
      guard unsafe rename(fresh, path) == 0 else { throw Errno(rawValue: clinux_errno()) }
    } catch {
      throw failure(path, error)
    }
  }

  /// Writes to a file of /proc/sys.
  static func set(_ path: String, _ value: String) throws(Failure) {
    do throws(Errno) {
      let file = try OwnedDescriptor.open(path, O_WRONLY)
      try file.fill(with: "\(value)\n")
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

  private static func failure(_ path: String, _ error: Errno) -> Failure {
    Failure(
      .hostNotAble, "\(path): \(error)",
      hint: error == .permissionDenied ? "run it with the privilege of whoever began it" : error.shortageHint)
  }
}
