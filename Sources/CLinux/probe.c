#define _GNU_SOURCE
#include "CLinux.h"

#include <sys/syscall.h>

int clinux_probe_io_uring(void) {
    // No entries and no parameters: a kernel that has it, and lets us, objects to the arguments.
    if (syscall(SYS_io_uring_setup, 0, NULL) < 0)
        return errno == EINVAL || errno == EFAULT ? 0 : -errno;
    return 0;
}
