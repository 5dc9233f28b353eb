internal import CLinux
internal import Devices
internal import SystemPackage

/// A file that a person wants written beside the guest: a trace, metrics, a picture. Nobody waits for it: a pipe that
/// is full is a result.
struct OutputFile: ~Copyable, Sendable {
  let path: String
  private let descriptor: OwnedDescriptor

  /// Opens `path`, empty. It is locked while it is open, so that no disk of a machine, and no file that another one
  /// writes, is overwritten.
  init(_ path: String, option: String) throws(Failure) {
    let descriptor = try Self.open(path, option)
    self.path = path
    self.descriptor = descriptor
  }

  private static func open(_ path: String, _ option: String) throws(Failure) -> OwnedDescriptor {
    do throws(Errno) {
      let descriptor = try OwnedDescriptor.open(
        path, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY, mode: 0o644)
      var status = stat()
      // The call fills the local structure.
      guard unsafe fstat(descriptor.number, &status) == 0 else { throw Errno(rawValue: clinux_errno()) }
      // Terminals and pipes, which have nothing to lose, can be several writers' at once.
      if [S_IFREG, S_IFBLK].contains(Int32(truncatingIfNeeded: status.st_mode) & S_IFMT) {
        if clinux_lock_file(descriptor.number, 1) == -EAGAIN { throw .fileExists }
        _ = ftruncate(descriptor.number, 0)
      }
      return descriptor
    } catch {
      let isTaken = error == .fileExists
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "\(option) \(path): \(isTaken ? "is in use" : "\(error)")",
        hint: isTaken
          ? "a machine has it as a disk, or writes to it already; name another file" : hint(error))
    }
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
