internal import CLinux
internal import Glibc
internal import SystemPackage

/// Two connected ends of a stream, both close-on-exec from the start: programs that other tests start
/// meanwhile must not hold them open.
struct StreamPair {
  let ours: Int32
  let theirs: Int32

  init() throws {
    var ends: [Int32] = [-1, -1]
    // The call fills two entries.
    let result = unsafe socketpair(
      AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends)
    guard result == 0 else { throw Errno(rawValue: clinux_errno()) }
    (ours, theirs) = (ends[0], ends[1])
  }

  func closeTheirs() {
    close(theirs)
  }
}

/// Starts a program with these standard streams, and no signal blocked or ignored.
func spawn(
  _ path: String, _ arguments: [String], input: Int32, output: Int32, error: Int32
) throws -> Int32 {
  // All structures are local, and destroyed after their only use.
  var actions = unsafe posix_spawn_file_actions_t()
  unsafe posix_spawn_file_actions_init(&actions)
  defer { unsafe posix_spawn_file_actions_destroy(&actions) }
  for (number, stream) in [(Int32(0), input), (1, output), (2, error)] {
    unsafe posix_spawn_file_actions_adddup2(&actions, stream, number)
  }

  var attributes = posix_spawnattr_t()
  unsafe posix_spawnattr_init(&attributes)
  defer { unsafe posix_spawnattr_destroy(&attributes) }
  var none = sigset_t()
  var all = sigset_t()
  unsafe sigemptyset(&none)
  unsafe sigfillset(&all)
  unsafe posix_spawnattr_setsigmask(&attributes, &none)
  unsafe posix_spawnattr_setsigdefault(&attributes, &all)
  // A process group of its own: keys typed at the terminal of the tests do not reach it.
  let flags = POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP
  unsafe posix_spawnattr_setflags(&attributes, Int16(flags))

  let texts = unsafe ([path] + arguments).map { unsafe strdup($0) }
  defer { unsafe texts.forEach { unsafe free($0) } }
  var id: Int32 = 0
  // The texts end with the NULL that execve wants, and live until after the call.
  let result = unsafe posix_spawnp(&id, path, &actions, &attributes, texts + [nil], environ)
  guard result == 0 else { throw Errno(rawValue: result) }
  return id
}
