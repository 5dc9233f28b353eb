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
