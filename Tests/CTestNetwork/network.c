#define _GNU_SOURCE
#include "CTestNetwork.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int ctest_unshare_network(void) {
    if (unshare(CLONE_NEWNET) < 0)
        return -errno;
    // Where there is no IPv6, there is nothing to switch off.
    int fd = open("/proc/sys/net/ipv6/conf/default/disable_ipv6", O_WRONLY | O_CLOEXEC);
    if (fd >= 0) {
        ssize_t ignored = write(fd, "1", 1);
        (void)ignored;
        close(fd);
    }
    return 0;
}

int ctest_drop_network_rights(void) {
    struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data) < 0)
        return -errno;
    data[0].effective &= ~(1u << CAP_NET_ADMIN);
    return syscall(SYS_capset, &header, data) < 0 ? -errno : 0;
}

int ctest_packet_socket(const char *interface, int has_header) {
    int fd = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, htons(ETH_P_ALL));
    if (fd < 0)
        return -errno;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, interface, sizeof request.ifr_name - 1);
    if (ioctl(fd, SIOCGIFINDEX, &request) < 0)
        goto failed;
    struct sockaddr_ll address = {
        .sll_family = AF_PACKET,
        .sll_protocol = htons(ETH_P_ALL),
        .sll_ifindex = request.ifr_ifindex,
    };
    if (has_header && setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &has_header, sizeof has_header) < 0)
        goto failed;
    // Room for a queueful at once.
    int size = 16 << 20;
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof size) < 0)
        goto failed;
    if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0)
        goto failed;
    return fd;
failed:;
    int error = errno;
    close(fd);
    return -error;
}

long ctest_packet_receive(int socket, void *buffer, size_t size, int milliseconds) {
    for (;;) {
        struct pollfd entry = {.fd = socket, .events = POLLIN};
        int ready = poll(&entry, 1, milliseconds);
        if (ready == 0)
            return -ETIMEDOUT;
        struct sockaddr_ll from;
        socklen_t length = sizeof from;
        ssize_t count = recvfrom(socket, buffer, size, MSG_DONTWAIT, (struct sockaddr *)&from, &length);
        if (count < 0 && errno != EINTR && errno != EAGAIN)
            return -errno;
        // What this host sent itself is shown too.
        if (count >= 0 && from.sll_pkttype != PACKET_OUTGOING)
            return count;
    }
}

int ctest_attach_tun(const char *name, int flags) {
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    request.ifr_flags = (short)flags;
    if (ioctl(fd, TUNSETIFF, &request) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int ctest_delete_interface(int socket, int index) {
    struct {
        struct nlmsghdr header;
        struct ifinfomsg info;
    } message = {
        .header = {.nlmsg_len = sizeof message, .nlmsg_type = RTM_DELLINK, .nlmsg_flags = NLM_F_REQUEST},
        .info = {.ifi_family = AF_UNSPEC, .ifi_index = index},
    };
    struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
    ssize_t sent = sendto(socket, &message, sizeof message, 0, (struct sockaddr *)&kernel, sizeof kernel);
    return sent < 0 ? -errno : 0;
}
