/// What network tests need of Linux and the product does not. Every function returns its result, or
/// -errno.
#ifndef CTEST_NETWORK_H
#define CTEST_NETWORK_H

#include <stddef.h>
#include <stdint.h>

/// Gives the calling thread a network namespace of its own, without IPv6 that talks by itself.
int ctest_unshare_network(void);

/// Takes the right to administrate networks from the calling thread.
int ctest_drop_network_rights(void);

/// A socket that sends and receives whole frames on `interface`, those of other hosts too.
///
/// - has_header: a 10-byte virtio header comes before each frame.
int ctest_packet_socket(const char *_Nonnull interface, int has_header);

/// Waits at most `milliseconds` for a frame that the interface received; -ETIMEDOUT.
long ctest_packet_receive(int socket, void *_Nonnull buffer, size_t size, int milliseconds);

/// Attaches a new descriptor to a TUN or TAP with the given IFF_ flags.
int ctest_attach_tun(const char *_Nonnull name, int flags);

/// Deletes an interface through a netlink socket of its namespace.
int ctest_delete_interface(int socket, int index);

enum : uint32_t {
    CTEST_IFF_TUN = 0x0001,
    CTEST_IFF_TAP = 0x0002,
    CTEST_IFF_NO_PI = 0x1000,
    CTEST_IFF_VNET_HDR = 0x4000,
};

#endif
