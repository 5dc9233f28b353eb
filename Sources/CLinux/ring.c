#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/io_uring.h>
#include <sys/syscall.h>

int clinux_hold_in_ring(int fd) {
    struct io_uring_params parameters = {0};
    int ring = (int)syscall(SYS_io_uring_setup, 1, &parameters);
    if (ring < 0)
        return -errno;
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_FILES, &fd, 1) < 0) {
        int error = errno;
        close(ring);
        return -error;
    }
    return ring;
}
