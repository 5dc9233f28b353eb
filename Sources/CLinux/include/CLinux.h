/// Linux system calls and constants that Swift cannot import as they are.
/// Every function returns its result, or -errno.
#ifndef CLINUX_H
#define CLINUX_H

// No _GNU_SOURCE here: Swift's own Glibc module is built without it, and the two must agree on types
// such as fd_set. What needs it is in the .c files.
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <stddef.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "CLinuxNet.h"

/// eventfd(2), close-on-exec and non-blocking.
static inline int clinux_eventfd(void) {
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/// Adds `value` to an eventfd. A full counter already wakes its reader, so that is no error.
static inline void clinux_eventfd_signal(int fd) {
    uint64_t one = 1;
    ssize_t result;
    do {
        result = write(fd, &one, sizeof one);
    } while (result < 0 && errno == EINTR);
}

/// Takes an eventfd's or timerfd's count; 0 when there is nothing to take.
static inline uint64_t clinux_counter_take(int fd) {
    uint64_t count = 0;
    ssize_t result;
    do {
        result = read(fd, &count, sizeof count);
    } while (result < 0 && errno == EINTR);
    return result == sizeof count ? count : 0;
}

/// A monotonic timerfd(2), close-on-exec and non-blocking.
static inline int clinux_timerfd(void) {
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    return fd < 0 ? -errno : fd;
}

/// Arms a timerfd to fire once after `nanoseconds`; 0 disarms it.
static inline int clinux_timerfd_arm(int fd, uint64_t nanoseconds) {
    struct itimerspec spec = {
        .it_value = {.tv_sec = (time_t)(nanoseconds / 1000000000u),
                     .tv_nsec = (long)(nanoseconds % 1000000000u)},
    };
    return timerfd_settime(fd, 0, &spec, NULL) < 0 ? -errno : 0;
}

static inline int clinux_epoll_create(void) {
    int fd = epoll_create1(EPOLL_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

static inline int clinux_epoll_control(int epoll, int operation, int fd, uint32_t events, uint64_t data) {
    struct epoll_event event = {.events = events, .data.u64 = data};
    return epoll_ctl(epoll, operation, fd, &event) < 0 ? -errno : 0;
}

enum : uint32_t {
    CLINUX_EPOLLIN = EPOLLIN,
    CLINUX_EPOLLOUT = EPOLLOUT,
    CLINUX_EPOLLHUP = EPOLLHUP,
    CLINUX_EPOLLERR = EPOLLERR,
    CLINUX_EPOLLET = EPOLLET,
};

static inline void *_Nullable clinux_map_failed_to_null(void *_Nullable address) {
    return address == MAP_FAILED ? NULL : address;
}

/// `size` bytes, whole pages, of private anonymous memory, populated by first touch; NULL with errno set when
/// refused. Begins where a huge page can, on a multiple of 2 MiB: KVM maps huge pages only where host and guest
/// address agree.
static inline void *_Nullable clinux_map_guest_memory(size_t size) {
    const size_t huge = (size_t)2 << 20;
    if (size > SIZE_MAX - huge) {
        errno = ENOMEM;
        return NULL;
    }
    char *base = (char *)clinux_map_failed_to_null(mmap(
        NULL, size + huge, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
    if (!base)
        return NULL;
    size_t before = -(uintptr_t)base & (huge - 1);
    if (before)
        munmap(base, before);
    munmap(base + before + size, huge - before);
    return base + before;
}

/// A shared mapping of a descriptor; NULL with errno set when refused.
static inline void *_Nullable clinux_map_shared(int fd, size_t size) {
    return clinux_map_failed_to_null(mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0));
}

/// open(2), which is variadic.
static inline int clinux_open(const char *_Nonnull path, int flags, mode_t mode) {
    int fd = open(path, flags, mode);
    return fd < 0 ? -errno : fd;
}

static inline int clinux_errno(void) { return errno; }

/// The signal that makes a vCPU thread leave KVM_RUN.
static inline int clinux_kick_signal(void) { return SIGRTMIN; }

/// The time stamp counter: what is cheap enough to be read at every exit.
static inline uint64_t clinux_ticks(void) { return __builtin_ia32_rdtsc(); }

/// Gives the kick signal a handler that does nothing, so that it interrupts and never kills.
int clinux_install_kick_handler(void);

/// Lets the kick signal reach the calling thread, whatever mask it inherited: a thread has its mask from
/// the one that made it, and a process from the one that started it.
void clinux_unblock_kick(void);

/// Blocks, for the calling thread and those that it starts, all signals that come from outside; `old` takes the mask
/// that was.
void clinux_block_signals(sigset_t *_Nonnull old);

/// Puts back what `clinux_block_signals` found.
void clinux_restore_signals(const sigset_t *_Nonnull old);

/// 0 where io_uring can be used, or -errno: -ENOSYS or -EPERM where it cannot.
int clinux_probe_io_uring(void);

/// An io_uring, which one thread uses.
struct clinux_ring {
    int fd;
    /// Entries to submit: how many there are room for, and where the next one goes.
    uint32_t depth;
    uint32_t tail;
    uint32_t completion_mask;
    uint32_t *_Nullable submission_head;
    uint32_t *_Nullable submission_tail;
    uint32_t *_Nullable completion_head;
    uint32_t *_Nullable completion_tail;
    void *_Nullable completions;
    void *_Nullable entries;
    void *_Nullable rings;
    size_t entries_size;
    size_t rings_size;
};

/// Makes a ring of at least `depth` entries, a power of two, whose completions signal an eventfd. -ENOSYS before Linux 5.5.
int clinux_ring_open(struct clinux_ring *_Nonnull ring, uint32_t depth, int completions);

/// For a ring that was opened.
void clinux_ring_close(struct clinux_ring *_Nonnull ring);

/// Puts a read or write into the queue; false where it is full.
bool clinux_ring_prepare(struct clinux_ring *_Nonnull ring, bool is_write, int fd, void *_Nullable buffer,
                         uint32_t length, uint64_t offset, uint64_t context);

/// Submits what is in the queue. Where the kernel takes none of what is left, what it says: -EAGAIN or -ENOMEM where it is out of
/// memory, -EBUSY where it is out of room for completions.
int clinux_ring_submit(struct clinux_ring *_Nonnull ring);

/// Takes the newest entry that the kernel did not take out of the queue; false where there is none.
bool clinux_ring_withdraw(struct clinux_ring *_Nonnull ring, uint64_t *_Nonnull context);

/// Takes a completion; false where there is none.
bool clinux_ring_take(struct clinux_ring *_Nonnull ring, uint64_t *_Nonnull context, int32_t *_Nonnull result);

/// An io_uring that does nothing but hold the open file of `fd`. When the ring goes, a worker of the kernel
/// lets go of the file, and nobody waits for that.
int clinux_hold_in_ring(int fd);

/// Another descriptor for the same open file, close-on-exec.
static inline int clinux_duplicate(int fd) {
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    return copy < 0 ? -errno : copy;
}

/// The next connection to a listening socket, close-on-exec.
int clinux_accept(int fd);

/// Names the calling thread; Linux keeps 15 bytes.
void clinux_name_thread(const char *_Nonnull name);

/// The CPUs that the calling thread may run on, at most `count` of them.
///
/// Returns: how many were written.
int clinux_allowed_cpus(int *_Nonnull cpus, int count);

/// How often the kernel took a CPU from a thread of this process that wanted to go on.
long clinux_involuntary_switches(void);

/// Lets the calling thread take no CPU from another one when it wakes up (SCHED_BATCH), unless somebody has chosen a
/// policy for it.
void clinux_batch_thread(void);

/// Keeps the calling thread on one CPU; -EINVAL where it may not run there.
int clinux_pin_thread(int cpu);

/// Two words of guest memory.
struct clinux_words {
    uint64_t first;
    uint64_t second;
};

/// Loads 16 bytes of guest memory, of any alignment, exactly once: what was loaded is what gets
/// checked, whatever the guest writes meanwhile.
static inline struct clinux_words clinux_load_words(const void *_Nonnull source) {
    typedef uint64_t any_alignment __attribute__((aligned(1)));
    const volatile any_alignment *words = source;
    return (struct clinux_words){.first = words[0], .second = words[1]};
}

/// What a file or block device can hold, and in which pieces it likes to be used. Bytes.
struct clinux_disk {
    uint64_t capacity;
    /// The smallest piece that can be addressed: of a block device its logical sector, else 512.
    uint32_t logical_block;
    uint32_t physical_block;
    /// What O_DIRECT asks of offsets and lengths, and of addresses.
    uint32_t direct_offset_alignment;
    uint32_t direct_memory_alignment;
    uint64_t device;
    uint64_t inode;
    /// Whether it is a file of a file system in memory.
    bool is_in_memory;
};

int clinux_examine_disk(int fd, struct clinux_disk *_Nonnull disk);

/// preadv(2) and pwritev(2), begun again where a signal interrupts.
ssize_t clinux_read_vectors(int fd, const struct iovec *_Nonnull vectors, int count, uint64_t offset);
ssize_t clinux_write_vectors(int fd, const struct iovec *_Nonnull vectors, int count, uint64_t offset);

/// pread(2) and pwrite(2), begun again where a signal interrupts.
ssize_t clinux_read_at(int fd, void *_Nonnull buffer, size_t size, uint64_t offset);
ssize_t clinux_write_at(int fd, const void *_Nonnull buffer, size_t size, uint64_t offset);

/// fdatasync(2).
int clinux_sync_data(int fd);

/// Gives a range's blocks back; it reads as zeroes.
int clinux_punch_hole(int fd, uint64_t offset, uint64_t size);

/// Makes a range read as zeroes, its blocks kept.
int clinux_zero_range(int fd, uint64_t offset, uint64_t size);

/// The open(2) flag that leaves the page cache out.
int clinux_direct_flag(void);

/// Waits for a semaphore; signals do not end the wait.
static inline void clinux_semaphore_wait(sem_t *_Nonnull semaphore) {
    while (sem_wait(semaphore) < 0 && errno == EINTR) {
    }
}

#endif
