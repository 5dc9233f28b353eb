/// TUN/TAP, network interfaces and vhost: constants and calls that Swift cannot import as they are.
/// Every function returns its result, or -errno.
#ifndef CLINUX_NET_H
#define CLINUX_NET_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/uio.h>

// <linux/if.h> and <net/if.h> exclude each other: what needs either is in net.c.

enum : uint32_t {
    CLINUX_TUN_CSUM = 0x01,
    CLINUX_TUN_TSO4 = 0x02,
    CLINUX_TUN_TSO6 = 0x04,
    CLINUX_TUN_TSO_ECN = 0x08,
    // Newer than the headers of many a distribution.
    CLINUX_TUN_USO4 = 0x20,
    CLINUX_TUN_USO6 = 0x40,
};

/// Attaches `fd`, a freshly opened /dev/net/tun, to the TAP `name` with a virtio header before each
/// frame, as one of several queues where `multi_queue` says so. Makes the TAP where it does not exist.
int clinux_tap_attach(int fd, const char *_Nonnull name, int multi_queue);

struct clinux_tap_info {
    char name[16];
    int is_tap;
    int has_virtio_header;
    int has_packet_information;
    int is_multi_queue;
};

/// What `fd` is attached to. -ENOTTY and the like: to no TAP.
int clinux_tap_info(int fd, struct clinux_tap_info *_Nonnull info);

/// Bytes of the virtio header.
int clinux_tap_set_header_size(int fd, int size);

/// What the reader of frames does itself, as CLINUX_TUN_ bits.
int clinux_tap_set_offload(int fd, uint32_t offload);

/// Takes a queue of a TAP with several into use, or out of it.
int clinux_tap_set_queue(int fd, int is_attached);

/// Makes reads and writes return at once.
int clinux_set_nonblocking(int fd);

int clinux_set_close_on_exec(int fd);

/// A socket that tells of changes of network interfaces and answers questions about them, in the
/// network namespace of the calling thread.
int clinux_link_socket(void);

/// Takes what a link socket has to tell; whether it had anything.
int clinux_link_socket_drain(int fd);

/// The index of an interface, positive.
int clinux_interface_index(int socket, const char *_Nonnull name);

/// 1 where the interface is up and has a carrier, 0 where not.
int clinux_interface_is_running(int socket, int index);

int clinux_interface_mtu(int socket, const char *_Nonnull name);
int clinux_interface_set_mtu(int socket, const char *_Nonnull name, int mtu);
int clinux_interface_set_up(int socket, const char *_Nonnull name, int is_up);

/// The interface's own hardware address, also from a TAP's descriptor.
int clinux_interface_address(int fd, const char *_Nonnull name, uint8_t address[_Nonnull 6]);

/// readv(2) and writev(2), begun again after a signal.
static inline long clinux_readv(int fd, const struct iovec *_Nonnull vectors, int count) {
    ssize_t result;
    do {
        result = readv(fd, vectors, count);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

static inline long clinux_writev(int fd, const struct iovec *_Nonnull vectors, int count) {
    ssize_t result;
    do {
        result = writev(fd, vectors, count);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

/// recv(2) and send(2) that never wait and raise no signal, begun again after a signal.
static inline long clinux_receive(int fd, void *_Nonnull buffer, size_t size) {
    ssize_t result;
    do {
        result = recv(fd, buffer, size, MSG_DONTWAIT);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

static inline long clinux_send(int fd, const void *_Nonnull buffer, size_t size) {
    ssize_t result;
    do {
        result = send(fd, buffer, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    } while (result < 0 && errno == EINTR);
    return result < 0 ? -errno : result;
}

/// Whether the other end of a stream is closed.
int clinux_is_hung_up(int fd);

/// The most buffers of one readv or writev.
enum { CLINUX_IOV_MAX = 1024 };

// MARK: vhost

int clinux_vhost_set_owner(int fd);
int clinux_vhost_get_features(int fd, uint64_t *_Nonnull features);
int clinux_vhost_set_features(int fd, uint64_t features);

struct clinux_vhost_region {
    uint64_t guest;
    uint64_t size;
    void *_Nullable host;
};

/// Tells vhost where guest memory is; at most 64 regions.
int clinux_vhost_set_memory(int fd, const struct clinux_vhost_region *_Nonnull regions, size_t count);

struct clinux_vhost_ring {
    uint32_t size;
    /// The next entry of the available ring.
    uint32_t base;
    void *_Nonnull descriptors;
    void *_Nonnull available;
    void *_Nonnull used;
    int kick;
    int call;
    int error;
};

/// Describes one ring, which must have no backend.
int clinux_vhost_set_ring(int fd, uint32_t index, const struct clinux_vhost_ring *_Nonnull ring);

/// Starts a ring on a TAP's queue; -1 stops it, and waits until it has stopped.
int clinux_vhost_set_backend(int fd, uint32_t index, int tap);

#endif
