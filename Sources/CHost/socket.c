#define _GNU_SOURCE
#include "CHost.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

static int unix_address(const char *path, struct sockaddr_un *address) {
    memset(address, 0, sizeof *address);
    address->sun_family = AF_UNIX;
    if (strlen(path) >= sizeof address->sun_path)
        return -ENAMETOOLONG;
    strcpy(address->sun_path, path);
    return 0;
}

typedef int (*address_call)(int, const struct sockaddr *, socklen_t);

static int unix_socket(const char *path, int type, address_call use) {
    struct sockaddr_un address;
    int error = unix_address(path, &address);
    if (error)
        return error;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | type, 0);
    if (fd < 0)
        return -errno;
    if (use(fd, (struct sockaddr *)&address, sizeof address) < 0) {
        error = -errno;
        close(fd);
        return error;
    }
    return fd;
}

// The socket's own permissions, less the umask, become those of the file, with no moment at which it has others.
static int bind_private(int fd, const struct sockaddr *address, socklen_t length) {
    return fchmod(fd, S_IRUSR | S_IWUSR) < 0 ? -1 : bind(fd, address, length);
}

int chost_listen_unix(const char *path) {
    int fd = unix_socket(path, SOCK_NONBLOCK, bind_private);
    if (fd >= 0 && listen(fd, 1) < 0) {
        int error = -errno;
        close(fd);
        unlink(path);
        return error;
    }
    return fd;
}

int chost_listen_loopback(uint16_t port) {
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return -errno;
    // Connections of a past machine that linger must not count, and small packets must not wait.
    int yes = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(INADDR_LOOPBACK)}};
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0 || listen(fd, 1) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int chost_connect_unix(const char *path) { return unix_socket(path, SOCK_NONBLOCK, connect); }

int chost_stream_pair(int ends[2]) {
    return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0 ? -errno : 0;
}

long chost_send_with_descriptor(int fd, const void *buffer, size_t size, int descriptor) {
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof descriptor)];
    } control;
    struct iovec vector = {.iov_base = (void *)buffer, .iov_len = size};
    struct msghdr message = {
        .msg_iov = &vector, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof control};
    memset(&control, 0, sizeof control);
    control.header.cmsg_level = SOL_SOCKET;
    control.header.cmsg_type = SCM_RIGHTS;
    control.header.cmsg_len = CMSG_LEN(sizeof descriptor);
    memcpy(CMSG_DATA(&control.header), &descriptor, sizeof descriptor);
    ssize_t result = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    return result < 0 ? -errno : result;
}

int chost_hold_port(uint32_t address, uint16_t port, int is_udp) {
    int fd = socket(AF_INET, (is_udp ? SOCK_DGRAM : SOCK_STREAM) | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    // Connections of a past machine that linger must not count.
    int yes = 1;
    if (!is_udp)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    struct sockaddr_in name = {
        .sin_family = AF_INET, .sin_port = htons(port), .sin_addr = {.s_addr = htonl(address)}};
    if (bind(fd, (struct sockaddr *)&name, sizeof name) < 0) {
        int error = errno;
        close(fd);
        return -error;
    }
    return fd;
}

int chost_has_interface(const char *name) { return if_nametoindex(name) != 0; }
