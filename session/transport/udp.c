/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/transport/udp.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "common/log.h"

#define SOCKET_BUFFER (4 * 1024 * 1024)
/* Of one segmented send: the kernel takes 64 segments and less than 64 KiB. */
#define MAX_SEGMENTS 64
#define MAX_SEGMENTED 65000

static int parse_address(const char *text, struct gs_udp_peer *ret)
{
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&ret->address;
    struct sockaddr_in *v4 = (struct sockaddr_in *)&ret->address;

    *ret = (struct gs_udp_peer){0};
    if (!text || !*text) {
        v6->sin6_family = AF_INET6;
        v6->sin6_addr = in6addr_any;
        ret->size = sizeof(*v6);
    } else if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        ret->size = sizeof(*v4);
    } else if (inet_pton(AF_INET6, text, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        ret->size = sizeof(*v6);
    } else {
        return -EINVAL;
    }
    return 0;
}

static void set_port(struct gs_udp_peer *addr, uint16_t port)
{
    if (addr->address.ss_family == AF_INET6)
        ((struct sockaddr_in6 *)&addr->address)->sin6_port = htons(port);
    else
        ((struct sockaddr_in *)&addr->address)->sin_port = htons(port);
}

static uint16_t get_port(int fd)
{
    struct sockaddr_storage addr = {0};
    socklen_t size = sizeof(addr);

    if (getsockname(fd, (struct sockaddr *)&addr, &size) < 0)
        return 0;
    return ntohs(addr.ss_family == AF_INET6 ? ((struct sockaddr_in6 *)&addr)->sin6_port
                                            : ((struct sockaddr_in *)&addr)->sin_port);
}

/* Without CAP_NET_ADMIN the FORCE variants fail and the system's limit holds. */
static void set_buffers(int fd)
{
    int size = SOCKET_BUFFER;

    if (setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size)) < 0)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof(size));
}

static int create_socket(struct gs_udp_peer *addr, bool any)
{
    const int type = SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC;
    int fd = socket(addr->address.ss_family, type, 0);
    int off = 0;

    if (fd < 0 && any && errno == EAFNOSUPPORT) {
        /* A kernel without IPv6. */
        struct sockaddr_in *v4 = (struct sockaddr_in *)&addr->address;

        *addr = (struct gs_udp_peer){.size = sizeof(*v4)};
        v4->sin_family = AF_INET;
        fd = socket(AF_INET, type, 0);
    }
    if (fd < 0)
        return -errno;
    if (any && addr->address.ss_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    set_buffers(fd);
    return fd;
}

static int bind_range(int fd, struct gs_udp_peer *addr, uint16_t first, uint16_t last)
{
    for (uint32_t port = first; port <= last; port++) {
        set_port(addr, (uint16_t)port);
        if (bind(fd, (struct sockaddr *)&addr->address, addr->size) == 0)
            return 0;
        if (errno != EADDRINUSE)
            return -errno;
    }
    return -EADDRINUSE;
}

int gs_udp_open(const char *address, uint16_t first, uint16_t last, struct gs_udp *ret)
{
    bool any = !address || !*address;
    struct gs_udp udp = {.fd = -1};
    struct gs_udp_peer addr;
    int zero = 0, err = parse_address(address, &addr);

    if (err < 0 || first > last) {
        gs_error("udp: can't listen on \"%s\", ports %u-%u: not an address and a range",
                 any ? "any" : address, first, last);
        return -EINVAL;
    }
    err = udp.fd = create_socket(&addr, any);
    if (err >= 0)
        err = bind_range(udp.fd, &addr, first, last);
    if (err == -EADDRINUSE) {
        gs_error("udp: all ports %u-%u are in use", first, last);
    } else if (err < 0) {
        gs_error("udp: can't listen on %s, ports %u-%u: %s", any ? "any address" : address, first,
                 last, strerror(-err));
    }
    if (err < 0) {
        gs_udp_close(&udp);
        return err;
    }
    udp.port = get_port(udp.fd);
    udp.segmentation = setsockopt(udp.fd, SOL_UDP, UDP_SEGMENT, &zero, sizeof(zero)) == 0;
    *ret = udp;
    return 0;
}

void gs_udp_close(struct gs_udp *udp)
{
    if (udp->fd >= 0)
        close(udp->fd);
    udp->fd = -1;
}

/* How many packets from the front can go as one segmented send: all of one size, but the last,
 * which may be smaller. */
static unsigned run_length(const struct iovec *packets, unsigned n)
{
    size_t size = packets[0].iov_len, total = size;
    unsigned i;

    for (i = 1; i < n && i < MAX_SEGMENTS; i++) {
        total += packets[i].iov_len;
        if (packets[i].iov_len > size || total > MAX_SEGMENTED)
            return i;
        if (packets[i].iov_len < size)
            return i + 1;
    }
    return i;
}

struct batch {
    unsigned n;
    struct mmsghdr msgs[GS_UDP_BATCH];
    /* One UDP_SEGMENT control message each. */
    union {
        struct cmsghdr align;
        char space[CMSG_SPACE(sizeof(uint16_t))];
    } control[GS_UDP_BATCH];
};

static void set_segment_size(struct batch *b, struct msghdr *msg, uint16_t size)
{
    struct cmsghdr *cmsg;

    msg->msg_control = &b->control[b->n];
    msg->msg_controllen = sizeof(b->control[b->n]);
    cmsg = CMSG_FIRSTHDR(msg);
    cmsg->cmsg_level = SOL_UDP;
    cmsg->cmsg_type = UDP_SEGMENT;
    cmsg->cmsg_len = CMSG_LEN(sizeof(size));
    memcpy(CMSG_DATA(cmsg), &size, sizeof(size));
}

static void build_batch(const struct gs_udp *udp, const struct gs_udp_peer *peer,
                        struct iovec *packets, unsigned n, struct batch *b)
{
    b->n = 0;
    for (unsigned i = 0, run; i < n; i += run, b->n++) {
        struct msghdr *msg = &b->msgs[b->n].msg_hdr;

        run = udp->segmentation ? run_length(packets + i, n - i) : 1;
        *msg = (struct msghdr){
            .msg_name = (void *)&peer->address,
            .msg_namelen = peer->size,
            .msg_iov = packets + i,
            .msg_iovlen = run,
        };
        if (run > 1)
            set_segment_size(b, msg, (uint16_t)packets[i].iov_len);
    }
}

/* Errors that a path or a device without segmentation offload gives. */
static bool refuses_segmentation(int err)
{
    return err == EIO || err == EINVAL || err == EMSGSIZE || err == EOPNOTSUPP;
}

unsigned gs_udp_send(struct gs_udp *udp, const struct gs_udp_peer *peer, struct iovec *packets,
                     unsigned n, int wait_ms)
{
    unsigned sent = 0;
    struct batch b;

    assert(n <= GS_UDP_BATCH);
    while (sent < n) {
        int k;

        build_batch(udp, peer, packets + sent, n - sent, &b);
        k = sendmmsg(udp->fd, b.msgs, b.n, 0);
        if (k > 0) {
            for (int i = 0; i < k; i++)
                sent += (unsigned)b.msgs[i].msg_hdr.msg_iovlen;
        } else if (errno == EAGAIN || errno == ENOBUFS) {
            struct pollfd pfd = {.fd = udp->fd, .events = POLLOUT};

            if (wait_ms <= 0 || poll(&pfd, 1, wait_ms) <= 0)
                break;
            wait_ms /= 2; /* room for one packet is no promise for the next */
        } else if (udp->segmentation && refuses_segmentation(errno)) {
            gs_debug("udp: no segmentation offload: %s", strerror(errno));
            udp->segmentation = false;
        } else if (errno != EINTR) {
            break;
        }
    }
    return sent;
}

bool gs_udp_peer_equal(const struct gs_udp_peer *a, const struct gs_udp_peer *b)
{
    return a->size == b->size && memcmp(&a->address, &b->address, a->size) == 0;
}
