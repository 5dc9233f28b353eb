#define _GNU_SOURCE
#include "CHost.h"

#include <stdio.h>
#include <stdlib.h>

static struct termios kept_settings;
static volatile sig_atomic_t guarded_fd = -1;

void chost_terminal_restore(void) {
    if (guarded_fd >= 0)
        tcsetattr(guarded_fd, TCSANOW, &kept_settings);
}

static void restore_and_die(int signal) {
    chost_terminal_restore();
    // SA_RESETHAND took this handler away: raising again ends the process as the signal would have.
    raise(signal);
}

int chost_terminal_guard(int fd) {
    if (tcgetattr(fd, &kept_settings) < 0)
        return -errno;
    guarded_fd = fd;
    const int traps[] = {SIGILL, SIGTRAP, SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
    struct sigaction action = {.sa_handler = restore_and_die, .sa_flags = (int)SA_RESETHAND | SA_NODEFER};
    for (size_t i = 0; i < sizeof traps / sizeof *traps; i++)
        if (sigaction(traps[i], &action, NULL) < 0)
            return -errno;
    return 0;
}

int chost_terminal_raw(void) {
    struct termios raw = kept_settings;
    cfmakeraw(&raw);
    // A background job may not change the terminal: SIGTTOU would stop it half way.
    return tcsetattr(guarded_fd, TCSANOW, &raw) < 0 ? -errno : 0;
}

int chost_open_pty(char *path, size_t size) {
    int fd = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct termios raw;
    int error = 0;
    if (grantpt(fd) < 0 || unlockpt(fd) < 0 || tcgetattr(fd, &raw) < 0)
        error = errno;
    else
        error = ptsname_r(fd, path, size);
    if (!error) {
        cfmakeraw(&raw);
        // Opened and closed once, the other side counts as hung up. One that was never open does not,
        // and the kernel would keep for it what nobody reads until its buffer is full.
        int slave = tcsetattr(fd, TCSANOW, &raw) < 0 ? -1 : open(path, O_RDWR | O_NOCTTY | O_CLOEXEC);
        if (slave < 0)
            error = errno;
        else
            close(slave);
    }
    if (error) {
        close(fd);
        return -error;
    }
    return fd;
}
