#define _GNU_SOURCE
#include "CLinux.h"

#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

/// Where the kernel does not tell, a page satisfies every device that there is.
static const uint32_t safe_alignment = 4096;

static int examine_block_device(int fd, struct clinux_disk *disk) {
    int logical = 0;
    unsigned physical = 0;
    if (ioctl(fd, BLKGETSIZE64, &disk->capacity) < 0 || ioctl(fd, BLKSSZGET, &logical) < 0)
        return -errno;
    disk->logical_block = (uint32_t)logical;
    disk->physical_block = ioctl(fd, BLKPBSZGET, &physical) < 0 ? disk->logical_block : physical;
    disk->direct_offset_alignment = disk->logical_block;
    return 0;
}

static bool is_in_memory(int fd) {
    struct statfs system;
    if (fstatfs(fd, &system) < 0)
        return false;
    return system.f_type == TMPFS_MAGIC || system.f_type == RAMFS_MAGIC;
}

int clinux_examine_disk(int fd, struct clinux_disk *disk) {
    memset(disk, 0, sizeof *disk);
    struct stat status;
    if (fstat(fd, &status) < 0)
        return -errno;
    disk->device = status.st_dev;
    disk->inode = status.st_ino;
    disk->capacity = (uint64_t)status.st_size;
    disk->logical_block = 512;
    disk->physical_block = (uint32_t)status.st_blksize;
    disk->direct_offset_alignment = safe_alignment;
    disk->direct_memory_alignment = safe_alignment;
    if (S_ISBLK(status.st_mode))
        return examine_block_device(fd, disk);
    disk->is_in_memory = is_in_memory(fd);
#ifdef STATX_DIOALIGN
    struct statx extended;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_DIOALIGN, &extended) == 0 && (extended.stx_mask & STATX_DIOALIGN) &&
        extended.stx_dio_offset_align > 0) {
        disk->direct_offset_alignment = extended.stx_dio_offset_align;
        disk->direct_memory_alignment = extended.stx_dio_mem_align;
    }
#endif
    return 0;
}

#define BEGIN_AGAIN(call)                                                                                         \
    ssize_t result;                                                                                               \
    do {                                                                                                          \
        result = call;                                                                                            \
    } while (result < 0 && errno == EINTR);                                                                       \
    return result < 0 ? -errno : result

ssize_t clinux_read_vectors(int fd, const struct iovec *vectors, int count, uint64_t offset) {
    BEGIN_AGAIN(preadv(fd, vectors, count, (off_t)offset));
}

ssize_t clinux_write_vectors(int fd, const struct iovec *vectors, int count, uint64_t offset) {
    BEGIN_AGAIN(pwritev(fd, vectors, count, (off_t)offset));
}

ssize_t clinux_read_at(int fd, void *buffer, size_t size, uint64_t offset) {
    BEGIN_AGAIN(pread(fd, buffer, size, (off_t)offset));
}

ssize_t clinux_write_at(int fd, const void *buffer, size_t size, uint64_t offset) {
    BEGIN_AGAIN(pwrite(fd, buffer, size, (off_t)offset));
}

int clinux_sync_data(int fd) {
    // Not begun again on EIO: the kernel reports a lost write once, and a second call would hide it.
    BEGIN_AGAIN(fdatasync(fd));
}

int clinux_punch_hole(int fd, uint64_t offset, uint64_t size) {
    BEGIN_AGAIN(fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size));
}

int clinux_zero_range(int fd, uint64_t offset, uint64_t size) {
    BEGIN_AGAIN(fallocate(fd, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size));
}

int clinux_direct_flag(void) { return O_DIRECT; }
