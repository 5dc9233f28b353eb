internal import CLinux

/// What must hold of the process before anything else is done.
enum ProcessSetup {
  static func prepare() {
    // A descriptor that we open must never get the number of a standard stream that was closed:
    // the guest's output would go into a disk.
    while true {
      let number = clinux_open("/dev/null", O_RDWR | O_CLOEXEC, 0)
      guard (0...2).contains(number) else {
        if number > 2 { close(number) }
        break
      }
    }
    // A reader that went away is a result of write(2), not the end of the guest.
    signal(SIGPIPE, SIG_IGN)
  }
}
