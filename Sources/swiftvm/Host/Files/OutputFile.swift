internal import CHost
internal import CLinux
internal import Devices
internal import SystemPackage

/// A file that a person wants written: a trace, metrics, a picture, results. Nobody waits for it unless told to: a pipe
/// that is full is a result.
struct OutputFile: ~Copyable, Sendable {
  let path: String
  private let descriptor: OwnedDescriptor

  /// Opens `path`, empty, as `open` does.
  init(_ path: String, option: String) throws(Failure) {
    do throws(Errno) {
      try self.init(path, Self.open(path))
    } catch {
      throw Self.failure("\(option) \(path)", error)
    }
  }

  init(_ path: String, _ descriptor: consuming OwnedDescriptor) {
    self.path = path
    self.descriptor = descriptor
  }

  /// Opens any file that swiftvm writes to for a person. It is locked while it is open, so that no disk of a machine, and
  /// no file that another one writes, is overwritten; `.resourceBusy`: it is one.
  ///
  /// - Parameter isEmptied: nothing of what was in it stays.
  static func open(_ path: String, isEmptied: Bool = true) throws(Errno) -> OwnedDescriptor {
    // Not blocking: a named pipe without a reader would be waited for, deaf to every signal.
    let descriptor = try OwnedDescriptor.open(
      path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY, mode: 0o644)
    var status = stat()
    // The call fills the local structure.
    guard unsafe fstat(descriptor.number, &status) == 0 else { throw Errno(rawValue: clinux_errno()) }
    // Terminals and pipes, which have nothing to lose, can be several writers' at once.
    if [S_IFREG, S_IFBLK].contains(Int32(truncatingIfNeeded: status.st_mode) & S_IFMT) {
      // Some file systems know no locks.
      if [-EAGAIN, -EACCES].contains(chost_lock_file(descriptor.number, 1)) { throw .resourceBusy }
      if isEmptied { _ = ftruncate(descriptor.number, 0) }
    }
    return descriptor
  }

  /// What became of `open`, for a person who calls the file `name`.
  static func failure(_ name: String, _ error: Errno) -> Failure {
    guard error != .resourceBusy else {
      return Failure(
        .usage, "\(name): is in use",
        hint: "a machine has it as a disk, or writes to it already; name another file")
    }
    return Failure(error.isShortage ? .hostNotAble : .usage, "\(name): \(error)", hint: hint(error))
  }

  private static func hint(_ error: Errno) -> String? {
    switch error {
    case .noSuchFileOrDirectory: "the directory that it lies in must exist"
    case .permissionDenied, .readOnlyFileSystem: "it must be writable by you"
    case .isDirectory: "name a file in it"
    case .noSuchAddressOrDevice: "nobody reads this pipe: start its reader first"
    default: error.shortageHint
    }
  }

  /// Writes the first of `bytes`; how many. 0: it takes none now.
  func write(_ bytes: ArraySlice<UInt8>) throws(Errno) -> Int {
    while true {
      // The slice is as long as told.
      let count = unsafe bytes.withUnsafeBytes {
        unsafe CLinux.write(descriptor.number, $0.baseAddress, $0.count)
      }
      if count >= 0 { return count }
      switch Errno(rawValue: clinux_errno()) {
      case .interrupted: continue
      case .wouldBlock: return 0
      case let error: throw error
      }
    }
  }

  /// Waits until it takes more, at most so long.
  func waitForRoom(milliseconds: Int32) {
    var event = pollfd(fd: descriptor.number, events: Int16(POLLOUT), revents: 0)
    // One entry, as told.
    _ = unsafe poll(&event, 1, milliseconds)
  }

  /// Takes the last bytes back, where it is a file that can be shortened.
  func cut(to length: UInt64) {
    guard let length = Int(exactly: length), ftruncate(descriptor.number, length) == 0 else { return }
    lseek(descriptor.number, length, SEEK_SET)
  }
}
