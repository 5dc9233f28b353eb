internal import CHost
internal import CLinux
internal import Devices

/// What must hold of the process before anything else is done.
enum ProcessSetup {
  static func prepare() {
    // A descriptor that we open must never get the number of a standard stream that was closed:
    // the guest's output would go into a disk.
    while true {
      guard let null = try? OwnedDescriptor.open("/dev/null", O_RDWR), null.number <= 2 else { break }
      _ = null.release()
    }
    // The soft limit is for programs that use select(2). Where it cannot be raised, it may still do.
    _ = chost_raise_descriptor_limit()
    // One heap: threads allocate little, and each of their own would cost pages and system calls.
    mallopt(M_ARENA_MAX, 1)
    // A reader that went away, or a disk that may not grow, is a result of write(2), not the end of the guest.
    chost_ignore_write_signals()
  }
}
