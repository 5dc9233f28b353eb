internal import CHost
internal import CLinux
internal import Devices
internal import SystemPackage

/// Sockets that others connect to by a path: processes of the same user, whatever the umask.
enum UnixListener {
  /// Listens at `path`. A socket of this user's there that nobody listens on was left behind, and is replaced.
  static func listen(_ path: String) throws(Errno) -> OwnedDescriptor {
    do throws(Errno) {
      return try bind(path)
    } catch .addressInUse {
      // Another process may put its own in the place of a dead one that it found too.
      let dead = SocketFile(path)
      // A connection to a file that is no socket is refused too; such a file is somebody's. The call keeps nothing of
      // the path.
      guard dead.isOurs, unsafe chost_connect_unix(path) == -ECONNREFUSED else { throw .addressInUse }
      dead.remove()
      return try bind(path)
    }
  }

  /// What to do about an error of `listen`.
  static func hint(_ error: Errno) -> String? {
    switch error {
    case .addressInUse:
      "another process listens there, or a file stands in the way, perhaps what another user's machine left"
    case .fileNameTooLong: "a socket's path has at most 107 bytes; use a shorter one"
    case .noSuchFileOrDirectory: "the directory that it lies in must exist"
    case .permissionDenied: "it must be writable by you"
    default: error.shortageHint
    }
  }

  private static func bind(_ path: String) throws(Errno) -> OwnedDescriptor {
    // The call keeps nothing of the path.
    try OwnedDescriptor(result: unsafe chost_listen_unix(path))
  }
}

/// The name of a socket in the file system, which outlives the socket.
struct SocketFile {
  private let path: String
  private let status: stat?

  /// The socket that is at `path` now.
  init(_ path: String) {
    self.path = path
    status = Self.status(of: path)
  }

  var isOurs: Bool { status?.st_uid == geteuid() }

  /// Removes it, but nothing that somebody put in its place since.
  func remove() {
    guard let status, let now = Self.status(of: path), now.st_dev == status.st_dev,
      now.st_ino == status.st_ino
    else { return }
    // The call keeps nothing of the path.
    unsafe unlink(path)
  }

  /// Nil where no socket is.
  private static func status(of path: String) -> stat? {
    var status = stat()
    // The call fills the local structure and keeps nothing of the path.
    guard unsafe lstat(path, &status) == 0 else { return nil }
    return Int32(truncatingIfNeeded: status.st_mode) & S_IFMT == S_IFSOCK ? status : nil
  }
}

/// A descriptor that is kept for when there are no others: a connection that cannot be taken would wake the loop for ever.
struct SpareDescriptor: ~Copyable {
  private var held = Self.open()

  /// Ends the next connection to `listener`.
  mutating func turnAway(from listener: borrowing OwnedDescriptor) {
    held = nil
    // Closed again at once.
    _ = try? OwnedDescriptor(result: clinux_accept(listener.number))
    held = Self.open()
  }

  private static func open() -> OwnedDescriptor? {
    try? OwnedDescriptor.open("/dev/null", O_RDONLY)
  }
}
