internal import CLinux
internal import SystemPackage

/// Lets one thread wait for something that another one does once.
final class Latch: Sendable {
  private let opened: EventDescriptor

  init() throws(Errno) {
    opened = try EventDescriptor()
  }

  func open() {
    opened.signal()
  }

  /// Waits until `open` was called, if it was not yet.
  func wait() {
    var entry = pollfd(fd: opened.number, events: Int16(POLLIN), revents: 0)
    // One entry, as told. A signal interrupts the wait, and it goes on.
    while unsafe poll(&entry, 1, -1) <= 0 {}
  }
}
