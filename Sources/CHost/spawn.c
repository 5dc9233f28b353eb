#define _GNU_SOURCE
#include "CHost.h"

#include <poll.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>

int chost_memory_file(const char *name) {
    int fd = memfd_create(name, MFD_CLOEXEC);
    return fd < 0 ? -errno : fd;
}

int chost_limited_memory_file(const char *name, size_t size) {
    int fd = memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (fd < 0)
        return -errno;
    if (ftruncate(fd, (off_t)size) < 0 || fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

/// What this process was started with; the programs that it starts get the same. Many use select(2), or close every
/// number that they may have.
static struct rlimit descriptors_given;
/// What it raised that to.
static struct rlimit descriptors_raised;

int chost_raise_descriptor_limit(void) {
    if (getrlimit(RLIMIT_NOFILE, &descriptors_given) < 0)
        return -errno;
    descriptors_raised = descriptors_given;
    descriptors_raised.rlim_cur = descriptors_given.rlim_max;
    return setrlimit(RLIMIT_NOFILE, &descriptors_raised) < 0 ? -errno : 0;
}

/// The program gets `streams` as its first descriptors.
static int spawn(pid_t *pid, const char *path, char *const *arguments, const int *streams, int count) {
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, all;
    sigemptyset(&none);
    sigfillset(&all);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int number = 0; number < count; number++)
        posix_spawn_file_actions_adddup2(&actions, streams[number], number);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &all);
    // A process group of its own: what is typed at the terminal must not end a half-made network.
    posix_spawnattr_setflags(
        &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
    if (descriptors_raised.rlim_max)
        setrlimit(RLIMIT_NOFILE, &descriptors_given);
    int error = posix_spawn(pid, path, &actions, &attributes, arguments, environ);
    if (descriptors_raised.rlim_max)
        setrlimit(RLIMIT_NOFILE, &descriptors_raised);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return error;
}

int chost_wait_for_either(int first, int second, int milliseconds) {
    struct pollfd entries[] = {{.fd = first, .events = POLLIN}, {.fd = second, .events = POLLIN}};
    int ready;
    do {
        ready = poll(entries, 2, milliseconds);
    } while (ready < 0 && errno == EINTR);
    return ready < 0 ? -errno : (entries[0].revents != 0) | (entries[1].revents != 0) << 1;
}

int chost_run(const char *path, char *const *arguments, int input, int output, int error) {
    pid_t pid;
    int failure = spawn(&pid, path, arguments, (const int[]){input, output, error}, 3);
    if (failure)
        return -failure;
    return chost_wait_for_process(pid);
}

int chost_start(const char *path, char *const *arguments, const int *streams, int count) {
    pid_t pid;
    int failure = spawn(&pid, path, arguments, streams, count);
    return failure ? -failure : pid;
}

int chost_watch_process(int id) {
    int fd = (int)syscall(SYS_pidfd_open, id, 0);
    return fd < 0 ? -errno : fd;
}

int chost_wait_for_process(int id) {
    int status;
    while (waitpid(id, &status, 0) < 0)
        if (errno != EINTR)
            return -errno;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
