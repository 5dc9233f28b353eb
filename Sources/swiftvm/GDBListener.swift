internal import CLinux
internal import Devices
internal import Hypervisor
internal import SystemPackage

/// Where gdb connects: the loopback address or a socket of the user's own, as whoever may connect owns the guest.
enum GDBListener {
  /// Listens at `address`. Removing a socket in the file system is the caller's.
  static func open(_ address: DebuggerAddress) throws(Failure) -> OwnedDescriptor {
    do throws(Errno) {
      switch address {
      case .port(let port): return try OwnedDescriptor(result: clinux_listen_loopback(port))
      case .socket(let path): return try UnixListener.listen(path, isPrivate: true)
      }
    } catch {
      throw Failure(
        error.isShortage ? .hostNotAble : .usage, "--gdb \(address): \(error)", hint: hint(address, error))
    }
  }

  /// Removes what `open` left in the file system.
  static func remove(_ address: DebuggerAddress) {
    guard case .socket(let path) = address else { return }
    // The call keeps nothing of the path.
    unsafe unlink(path)
  }

  /// What a person types into gdb.
  static func command(_ address: DebuggerAddress) -> String {
    switch address {
    case .port(let port): "target remote 127.0.0.1:\(port)"
    case .socket(let path): "target remote \(path)"
    }
  }

  private static func hint(_ address: DebuggerAddress, _ error: Errno) -> String? {
    switch (address, error) {
    case (.port(let port), .addressInUse):
      "`ss -ltnp sport = :\(port)` shows who has it; take another port, or unix=PATH"
    case (.port, .permissionDenied): "ports below 1024 need privilege: take 1024 or above"
    case (.socket, .addressInUse): "another process listens there, or a file of that name stands in the way"
    case (.socket, .fileNameTooLong): "a socket's path has at most 107 bytes; use a shorter one"
    case (.socket, .noSuchFileOrDirectory): "the directory that it lies in must exist"
    case (.socket, .permissionDenied): "it must be writable by you"
    default: error.shortageHint
    }
  }
}
