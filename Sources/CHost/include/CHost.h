/// What Linux has for programs, sockets with names, terminals and signals: Devices must not name it.
/// Every function returns its result, or -errno.
#ifndef CHOST_H
#define CHOST_H

#include <sys/signalfd.h>
#include <termios.h>

// The C library's own types belong to one module.
#include <CLinux.h>

/// Blocks `signals` for the calling thread and opens a signalfd(2) for them.
static inline int chost_signalfd(const int *_Nonnull signals, size_t count) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    int error = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (error)
        return -error;
    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/// The number of the next signal that waits in a signalfd, or 0.
static inline int chost_signalfd_take(int fd) {
    struct signalfd_siginfo info;
    ssize_t result;
    do {
        result = read(fd, &info, sizeof info);
    } while (result < 0 && errno == EINTR);
    return result == sizeof info ? (int)info.ssi_signo : 0;
}

/// openat(2), which is variadic.
static inline int chost_open_at(int folder, const char *_Nonnull name, int flags, mode_t mode) {
    int fd = openat(folder, name, flags, mode);
    return fd < 0 ? -errno : fd;
}

/// Makes writing to a pipe or socket without a reader (EPIPE), and past the largest file that is allowed
/// (EFBIG, `ulimit -f`), an error and not the process's end.
void chost_ignore_write_signals(void);

/// Keeps `fd`'s present terminal settings for `chost_terminal_restore` and for the handlers of
/// signals that a trap in this process raises (SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT).
int chost_terminal_guard(int fd);

/// Puts a guarded terminal into raw mode: every byte goes to the guest, none is echoed.
int chost_terminal_raw(void);

/// Puts the settings back that `chost_terminal_guard` kept. Safe in a signal handler.
void chost_terminal_restore(void);

/// Opens a pseudo terminal's master in raw mode and writes its slave's path to `path`.
int chost_open_pty(char *_Nonnull path, size_t size);

/// A listening Unix socket at `path`, which nobody but the user may connect to, whatever the umask; -ENAMETOOLONG when
/// it does not fit a socket address.
int chost_listen_unix(const char *_Nonnull path);

/// A TCP socket that listens at `port` of 127.0.0.1, and whose connections send at once.
int chost_listen_loopback(uint16_t port);

/// Lets this process have as many descriptors as its hard limit says. Programs that it starts get the limits that it was
/// started with.
int chost_raise_descriptor_limit(void);

/// A file without a name that lives in memory, close-on-exec.
int chost_memory_file(const char *_Nonnull name);

/// Runs the program at `path` to its end, with these standard streams and no signal blocked or ignored.
///
/// - arguments: the program's name first, NULL last.
/// - Returns: its exit status, or 128 plus the number of the signal that killed it.
int chost_run(
    const char *_Nonnull path, char *_Nullable const *_Nonnull arguments, int input, int output, int error);

/// A file without a name that lives in memory and has `size` bytes, never more: writing past its end fails.
int chost_limited_memory_file(const char *_Nonnull name, size_t size);

/// Starts the program at `path`, with no signal blocked or ignored.
///
/// - arguments: the program's name first, NULL last.
/// - streams: what it gets as its first `count` descriptors, in their order.
/// - Returns: its process.
int chost_start(
    const char *_Nonnull path, char *_Nullable const *_Nonnull arguments, const int *_Nonnull streams, int count);

/// A descriptor that is readable when a process of ours has ended.
int chost_watch_process(int id);

/// Waits for the end of a process of ours.
///
/// - Returns: its exit status, or 128 plus the number of the signal that killed it.
int chost_wait_for_process(int id);

/// Waits at most `milliseconds` (-1: without limit) for one of two descriptors to be readable or hung up.
///
/// - Returns: 1 and 2 for the first and the second, 3 for both; 0: neither in time.
int chost_wait_for_either(int first, int second, int milliseconds);

/// A Unix stream connection to `path`, non-blocking; -EAGAIN when the listener's queue is full.
int chost_connect_unix(const char *_Nonnull path);

/// Locks the whole of an open file against other openers (F_OFD_SETLK); -EAGAIN where one holds it.
int chost_lock_file(int fd, int is_exclusive);

/// The same, exclusively, and waits for it.
int chost_wait_for_lock(int fd);

/// The process that holds a lock of `chost_lock_file` on a file, as far as we may look, and its name;
/// 0: none was found.
int chost_find_lock_holder(uint64_t device, uint64_t inode, char *_Nonnull name, size_t size);

enum chost_file_type { CHOST_REGULAR_FILE, CHOST_BLOCK_DEVICE, CHOST_DIRECTORY, CHOST_OTHER_FILE };

/// What `path` leads to, without opening it, or -errno.
int chost_file_type(const char *_Nonnull path);

/// A socket bound to an IPv4 address and a port, without listening: nobody else gets the port.
///
/// - address: in host byte order; 0: all.
int chost_hold_port(uint32_t address, uint16_t port, int is_udp);

/// Whether this network namespace has an interface of the name.
int chost_has_interface(const char *_Nonnull name);

/// Two ends of a stream, connected, close-on-exec.
int chost_stream_pair(int ends[_Nonnull 2]);

/// Sends `size` bytes and with them a descriptor, which is closed when the receiver has taken the bytes, whether it
/// looks for descriptors or not.
long chost_send_with_descriptor(int fd, const void *_Nonnull buffer, size_t size, int descriptor);

#endif
