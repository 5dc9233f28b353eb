internal import CLinux
internal import Devices
internal import SystemPackage

/// Sockets that others connect to by a path.
enum UnixListener {
  /// Listens at `path`. A socket there that nobody listens on was left behind, and is replaced.
  ///
  /// - Parameter isPrivate: nobody but the user may connect, whatever the umask.
  static func listen(_ path: String, isPrivate: Bool = false) throws(Errno) -> OwnedDescriptor {
    do throws(Errno) {
      return try bind(path, isPrivate)
    } catch .addressInUse {
      // None of these calls keeps the path.
      guard isSocket(path), unsafe clinux_connect_unix(path) == -ECONNREFUSED else { throw .addressInUse }
      unsafe unlink(path)
      return try bind(path, isPrivate)
    }
  }

  /// What to do about an error of `listen`.
  static func hint(_ error: Errno) -> String? {
    switch error {
    case .addressInUse: "another process listens there, or a file of that name stands in the way"
    case .fileNameTooLong: "a socket's path has at most 107 bytes; use a shorter one"
    case .noSuchFileOrDirectory: "the directory that it lies in must exist"
    case .permissionDenied: "it must be writable by you"
    default: error.shortageHint
    }
  }

  /// A connection to a file that is no socket is refused too; such a file is somebody's.
  private static func isSocket(_ path: String) -> Bool {
    var status = stat()
    // The call fills the local structure and keeps nothing of the path.
    guard unsafe lstat(path, &status) == 0 else { return false }
    return Int32(truncatingIfNeeded: status.st_mode) & S_IFMT == S_IFSOCK
  }

  private static func bind(_ path: String, _ isPrivate: Bool) throws(Errno) -> OwnedDescriptor {
    // The calls keep nothing of the path.
    try OwnedDescriptor(
      result: isPrivate ? unsafe clinux_listen_unix_private(path) : unsafe clinux_listen_unix(path))
  }
}
