internal import CHost
internal import CLinux
internal import Devices
internal import SystemPackage

/// A folder that is this user's alone, held open. Who else could write there would choose what we believe, and where
/// we write.
struct OwnFolder: ~Copyable {
  private let descriptor: OwnedDescriptor

  /// Opens `path`; an error tells what is wrong with it.
  init(_ path: String) throws(Failure) {
    let descriptor = try Self.open(folder: path)
    var status = stat()
    // The call fills the local structure.
    guard unsafe fstat(descriptor.number, &status) == 0 else {
      throw StateFile.failure(path, Errno(rawValue: clinux_errno()))
    }
    guard status.st_uid == geteuid() else { throw Self.refusal(path, "belongs to user \(status.st_uid)") }
    guard status.st_mode & 0o022 == 0 else { throw Self.refusal(path, "others may write to it") }
    self.descriptor = descriptor
  }

  private static func open(folder path: String) throws(Failure) -> OwnedDescriptor {
    do throws(Errno) {
      return try OwnedDescriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    } catch {
      let isNone = [.notDirectory, .tooManySymbolicLinkLevels].contains(error)
      throw isNone ? refusal(path, "is no folder but a link or a file") : StateFile.failure(path, error)
    }
  }

  /// Makes the folder where it is not there.
  init(making path: String) throws(Failure) {
    // The call keeps nothing of the path.
    let isNew = unsafe mkdir(path, 0o755) == 0
    guard isNew || clinux_errno() == EEXIST else {
      throw StateFile.failure(path, Errno(rawValue: clinux_errno()))
    }
    try self.init(path)
    // Whatever the person's umask is, dnsmasq's own user must get in.
    if isNew { fchmod(descriptor.number, 0o755) }
  }

  /// Sees that nobody but this user and root can put something else in the place of `path`.
  static func checkPlace(of path: String) throws(Failure) {
    let parent = FilePath(path).removingLastComponent().string
    var status = stat()
    // The call fills the local structure and keeps nothing of the path. What is not there, its maker tells.
    guard unsafe stat(parent, &status) == 0 else { return }
    guard [0, geteuid()].contains(status.st_uid) else {
      throw refusal(parent, "belongs to user \(status.st_uid)")
    }
    // In a sticky folder everybody renames and removes what is his own.
    guard status.st_mode & 0o022 == 0 || status.st_mode & 0o1000 != 0 else {
      throw refusal(parent, "others may write to it")
    }
  }

  /// Puts `text` in the place of the file `name`, all at once.
  func write(_ text: String, to name: String) throws(Errno) {
    let fresh = name + StateFile.unfinished
    // None of the calls keeps a name. Somebody may have been stopped at this.
    unsafe unlinkat(descriptor.number, fresh, 0)
    let file = try OwnedDescriptor(
      result: unsafe chost_open_at(
        descriptor.number, fresh, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o644))
    fchmod(file.number, 0o644)
    try file.fill(with: text)
    guard unsafe renameat(descriptor.number, fresh, descriptor.number, name) == 0 else {
      throw Errno(rawValue: clinux_errno())
    }
  }

  /// Opens the file `name`, which is no link, and is made where it is not there.
  func open(_ name: String) throws(Errno) -> OwnedDescriptor {
    // The call keeps nothing of the name.
    try OwnedDescriptor(
      result: unsafe chost_open_at(descriptor.number, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0o600)
    )
  }

  private static func refusal(_ path: String, _ what: String) -> Failure {
    // Mostly a shell that became another user has kept the variable.
    let other = geteuid() == 0 ? "" : ", or `export XDG_RUNTIME_DIR=/run/user/$(id -u)`"
    return Failure(
      .hostNotAble, "\(path): \(what); what swiftvm keeps there must be safe from others",
      hint: "`ls -ld \(path)` shows it: remove or mend it\(other)")
  }
}
