internal import CLinux
public import SystemPackage

/// A file descriptor with one owner, closed when the owner goes.
public struct OwnedDescriptor: ~Copyable, Sendable {
  /// The number, for system calls. Valid while this value lives.
  public let number: Int32

  /// Takes over `number`, which must be open and owned by nobody else.
  public init(takingOver number: Int32) {
    self.number = number
  }

  /// Takes over the result of a call that returns a descriptor or -errno.
  public init(result: Int32) throws(Errno) {
    guard result >= 0 else { throw Errno(rawValue: -result) }
    number = result
  }

  /// Opens `path` (open(2)), close-on-exec.
  ///
  /// - Parameters:
  ///   - flags: O_RDONLY and its like.
  ///   - mode: permission bits of a file that this makes, before the umask.
  public static func open(_ path: String, _ flags: Int32, mode: UInt32 = 0) throws(Errno) -> OwnedDescriptor {
    // The call keeps nothing of the path.
    try OwnedDescriptor(result: unsafe clinux_open(path, flags | O_CLOEXEC, mode))
  }

  deinit {
    close(number)
  }

  /// Gives the descriptor away, open.
  public consuming func release() -> Int32 {
    let number = number
    discard self
    return number
  }
}
