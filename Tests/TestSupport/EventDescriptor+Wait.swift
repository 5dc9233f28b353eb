internal import CLinux
public import Devices

/// Something that a test waits for did not come in a time in which it always does.
public struct WaitedTooLong: Error {
  public init() {}
}

extension EventDescriptor {
  /// Waits until the event is signalled, and leaves it so. The limit only keeps a broken build from
  /// hanging.
  public borrowing func wait(milliseconds: Int32 = 600_000) throws(WaitedTooLong) {
    var entry = pollfd(fd: number, events: Int16(POLLIN), revents: 0)
    // One entry, as told.
    let ready = unsafe poll(&entry, 1, milliseconds)
    if ready <= 0 { throw WaitedTooLong() }
  }
}
