#define _GNU_SOURCE
#include <poll.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/vhost.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "CLinuxNet.h"

static int result_of(int result) { return result < 0 ? -errno : result; }

/// -ENAMETOOLONG where the name does not fit.
static int name_request(struct ifreq *request, const char *name) {
    memset(request, 0, sizeof *request);
    size_t length = strlen(name);
    if (length >= sizeof request->ifr_name)
        return -ENAMETOOLONG;
    memcpy(request->ifr_name, name, length);
    return 0;
}

int clinux_tap_attach(int fd, const char *name, int multi_queue) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error)
        return error;
    request.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | (multi_queue ? IFF_MULTI_QUEUE : 0));
    return result_of(ioctl(fd, TUNSETIFF, &request));
}

int clinux_tap_info(int fd, struct clinux_tap_info *info) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    if (ioctl(fd, TUNGETIFF, &request) < 0)
        return -errno;
    unsigned flags = (unsigned short)request.ifr_flags;
    *info = (struct clinux_tap_info){
        .is_tap = (flags & TUN_TYPE_MASK) == IFF_TAP,
        .has_virtio_header = (flags & IFF_VNET_HDR) != 0,
        .has_packet_information = (flags & IFF_NO_PI) == 0,
        .is_multi_queue = (flags & IFF_MULTI_QUEUE) != 0,
    };
    memcpy(info->name, request.ifr_name, sizeof info->name);
    info->name[sizeof info->name - 1] = 0;
    return 0;
}

int clinux_tap_set_header_size(int fd, int size) { return result_of(ioctl(fd, TUNSETVNETHDRSZ, &size)); }

int clinux_tap_set_offload(int fd, uint32_t offload) {
    return result_of(ioctl(fd, TUNSETOFFLOAD, (unsigned long)offload));
}

int clinux_tap_set_queue(int fd, int is_attached) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_flags = is_attached ? IFF_ATTACH_QUEUE : IFF_DETACH_QUEUE;
    return result_of(ioctl(fd, TUNSETQUEUE, &request));
}

int clinux_set_nonblocking(int fd) {
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
        return -errno;
    return 0;
}

int clinux_set_close_on_exec(int fd) { return result_of(fcntl(fd, F_SETFD, FD_CLOEXEC)); }

int clinux_link_socket(void) {
    int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);
    if (fd < 0)
        return -errno;
    struct sockaddr_nl address = {.nl_family = AF_NETLINK, .nl_groups = RTMGRP_LINK};
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int clinux_link_socket_drain(int fd) {
    char buffer[4096];
    int any = 0;
    for (;;) {
        ssize_t length = recv(fd, buffer, sizeof buffer, MSG_DONTWAIT);
        // ENOBUFS: messages were lost, so something happened.
        if (length < 0 && errno != EINTR && errno != ENOBUFS)
            return any;
        any = 1;
    }
}

int clinux_interface_index(int socket, const char *name) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error)
        return error;
    return ioctl(socket, SIOCGIFINDEX, &request) < 0 ? -errno : request.ifr_ifindex;
}

int clinux_interface_is_running(int socket, int index) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    request.ifr_ifindex = index;
    // The name may have changed, the index does not.
    if (ioctl(socket, SIOCGIFNAME, &request) < 0 || ioctl(socket, SIOCGIFFLAGS, &request) < 0)
        return -errno;
    return (request.ifr_flags & IFF_UP) && (request.ifr_flags & IFF_RUNNING);
}

int clinux_interface_mtu(int socket, const char *name) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error)
        return error;
    return ioctl(socket, SIOCGIFMTU, &request) < 0 ? -errno : request.ifr_mtu;
}

int clinux_interface_set_mtu(int socket, const char *name, int mtu) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error)
        return error;
    request.ifr_mtu = mtu;
    return result_of(ioctl(socket, SIOCSIFMTU, &request));
}

int clinux_interface_set_up(int socket, const char *name, int is_up) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error)
        return error;
    if (ioctl(socket, SIOCGIFFLAGS, &request) < 0)
        return -errno;
    if (is_up)
        request.ifr_flags |= IFF_UP;
    else
        request.ifr_flags &= ~IFF_UP;
    return result_of(ioctl(socket, SIOCSIFFLAGS, &request));
}

int clinux_interface_address(int fd, const char *name, uint8_t address[6]) {
    struct ifreq request;
    int error = name_request(&request, name);
    if (error)
        return error;
    if (ioctl(fd, SIOCGIFHWADDR, &request) < 0)
        return -errno;
    memcpy(address, request.ifr_hwaddr.sa_data, 6);
    return 0;
}

int clinux_vhost_set_owner(int fd) { return result_of(ioctl(fd, VHOST_SET_OWNER)); }

int clinux_vhost_get_features(int fd, uint64_t *features) {
    return result_of(ioctl(fd, VHOST_GET_FEATURES, features));
}

int clinux_vhost_set_features(int fd, uint64_t features) {
    return result_of(ioctl(fd, VHOST_SET_FEATURES, &features));
}

int clinux_vhost_set_memory(int fd, const struct clinux_vhost_region *regions, size_t count) {
    enum { limit = 64 };
    union {
        struct vhost_memory memory;
        char room[sizeof(struct vhost_memory) + limit * sizeof(struct vhost_memory_region)];
    } table;
    if (count > limit)
        return -E2BIG;
    memset(&table, 0, sizeof table);
    table.memory.nregions = (uint32_t)count;
    for (size_t i = 0; i < count; i++)
        table.memory.regions[i] = (struct vhost_memory_region){
            .guest_phys_addr = regions[i].guest,
            .memory_size = regions[i].size,
            .userspace_addr = (uintptr_t)regions[i].host,
        };
    return result_of(ioctl(fd, VHOST_SET_MEM_TABLE, &table));
}

int clinux_vhost_set_ring(int fd, uint32_t index, const struct clinux_vhost_ring *ring) {
    struct vhost_vring_state size = {.index = index, .num = ring->size};
    struct vhost_vring_state base = {.index = index, .num = ring->base};
    struct vhost_vring_addr addresses = {
        .index = index,
        .desc_user_addr = (uintptr_t)ring->descriptors,
        .used_user_addr = (uintptr_t)ring->used,
        .avail_user_addr = (uintptr_t)ring->available,
    };
    struct vhost_vring_file kick = {.index = index, .fd = ring->kick};
    struct vhost_vring_file call = {.index = index, .fd = ring->call};
    struct vhost_vring_file error = {.index = index, .fd = ring->error};
    if (ioctl(fd, VHOST_SET_VRING_NUM, &size) < 0 || ioctl(fd, VHOST_SET_VRING_BASE, &base) < 0 ||
        ioctl(fd, VHOST_SET_VRING_ADDR, &addresses) < 0 || ioctl(fd, VHOST_SET_VRING_KICK, &kick) < 0 ||
        ioctl(fd, VHOST_SET_VRING_CALL, &call) < 0 || ioctl(fd, VHOST_SET_VRING_ERR, &error) < 0)
        return -errno;
    return 0;
}

int clinux_vhost_set_backend(int fd, uint32_t index, int tap) {
    struct vhost_vring_file file = {.index = index, .fd = tap};
    return result_of(ioctl(fd, VHOST_NET_SET_BACKEND, &file));
}

int clinux_accept(int fd) {
    int client = accept4(fd, NULL, NULL, SOCK_CLOEXEC);
    return client < 0 ? -errno : client;
}

int clinux_is_hung_up(int fd) {
    struct pollfd entry = {.fd = fd};
    return poll(&entry, 1, 0) > 0 && (entry.revents & POLLHUP);
}
