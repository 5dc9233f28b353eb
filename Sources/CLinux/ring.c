#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/io_uring.h>
#include <sys/mman.h>
#include <sys/syscall.h>

// Both indices run through 2^32: differences and the masks are all that counts.

static void *map_ring(struct clinux_ring *ring, size_t size, off_t what) {
    void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring->fd, what);
    return memory == MAP_FAILED ? NULL : memory;
}

int clinux_ring_open(struct clinux_ring *ring, uint32_t depth, int completions) {
    struct io_uring_params parameters = {0};
    memset(ring, 0, sizeof *ring);
    ring->fd = (int)syscall(SYS_io_uring_setup, depth, &parameters);
    if (ring->fd < 0)
        return -errno;
    const unsigned needed = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP;
    if ((parameters.features & needed) != needed) {
        clinux_ring_close(ring);
        return -ENOSYS;
    }
    size_t submissions = parameters.sq_off.array + parameters.sq_entries * sizeof(uint32_t);
    size_t ends = parameters.cq_off.cqes + parameters.cq_entries * sizeof(struct io_uring_cqe);
    ring->rings_size = submissions > ends ? submissions : ends;
    ring->entries_size = parameters.sq_entries * sizeof(struct io_uring_sqe);
    ring->rings = map_ring(ring, ring->rings_size, IORING_OFF_SQ_RING);
    if (ring->rings)
        ring->entries = map_ring(ring, ring->entries_size, IORING_OFF_SQES);
    if (!ring->entries || syscall(SYS_io_uring_register, ring->fd, IORING_REGISTER_EVENTFD, &completions, 1) < 0) {
        int error = errno;
        clinux_ring_close(ring);
        return -error;
    }
    char *base = ring->rings;
    ring->submission_head = (uint32_t *)(base + parameters.sq_off.head);
    ring->submission_tail = (uint32_t *)(base + parameters.sq_off.tail);
    ring->completion_head = (uint32_t *)(base + parameters.cq_off.head);
    ring->completion_tail = (uint32_t *)(base + parameters.cq_off.tail);
    ring->completions = base + parameters.cq_off.cqes;
    ring->depth = parameters.sq_entries;
    ring->completion_mask = parameters.cq_entries - 1;
    // Place n of the queue is entry n, always.
    uint32_t *places = (uint32_t *)(base + parameters.sq_off.array);
    for (uint32_t place = 0; place < ring->depth; place++)
        places[place] = place;
    return 0;
}

void clinux_ring_close(struct clinux_ring *ring) {
    if (ring->entries)
        munmap(ring->entries, ring->entries_size);
    if (ring->rings)
        munmap(ring->rings, ring->rings_size);
    close(ring->fd);
}

static struct io_uring_sqe *entry_of(struct clinux_ring *ring, uint32_t index) {
    return (struct io_uring_sqe *)ring->entries + (index & (ring->depth - 1));
}

static uint32_t untaken(struct clinux_ring *ring) {
    return ring->tail - __atomic_load_n(ring->submission_head, __ATOMIC_ACQUIRE);
}

bool clinux_ring_prepare(struct clinux_ring *ring, bool is_write, int fd, void *buffer, uint32_t length,
                         uint64_t offset, uint64_t context) {
    if (untaken(ring) == ring->depth)
        return false;
    *entry_of(ring, ring->tail) = (struct io_uring_sqe){
        .opcode = is_write ? IORING_OP_WRITE : IORING_OP_READ,
        .fd = fd,
        .off = offset,
        .addr = (uintptr_t)buffer,
        .len = length,
        .user_data = context,
    };
    ring->tail++;
    return true;
}

int clinux_ring_submit(struct clinux_ring *ring) {
    __atomic_store_n(ring->submission_tail, ring->tail, __ATOMIC_RELEASE);
    uint32_t left;
    while ((left = untaken(ring)) > 0) {
        // It may take a part of them.
        long taken = syscall(SYS_io_uring_enter, ring->fd, left, 0, 0, NULL, 0);
        if (taken < 0 && errno == EINTR)
            continue;
        if (taken <= 0)
            return taken < 0 ? -errno : -EAGAIN;
    }
    return 0;
}

bool clinux_ring_withdraw(struct clinux_ring *ring, uint64_t *context) {
    if (untaken(ring) == 0)
        return false;
    // The kernel looks at the tail in io_uring_enter alone.
    ring->tail--;
    __atomic_store_n(ring->submission_tail, ring->tail, __ATOMIC_RELEASE);
    *context = entry_of(ring, ring->tail)->user_data;
    return true;
}

bool clinux_ring_take(struct clinux_ring *ring, uint64_t *context, int32_t *result) {
    uint32_t head = *ring->completion_head;
    if (head == __atomic_load_n(ring->completion_tail, __ATOMIC_ACQUIRE))
        return false;
    struct io_uring_cqe *end = (struct io_uring_cqe *)ring->completions + (head & ring->completion_mask);
    *context = end->user_data;
    *result = end->res;
    __atomic_store_n(ring->completion_head, head + 1, __ATOMIC_RELEASE);
    return true;
}

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
