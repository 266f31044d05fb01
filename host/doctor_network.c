/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Ports, sockets and TLS, as the host and its workers use them. */
#include <errno.h>
#include <gio/gio.h>
#include <netinet/in.h>
#include <netinet/udp.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/check.h"
#include "common/proto.h"
#include "host/address.h"
#include "host/certificate.h"
#include "host/doctor.h"
#include "host/run.h"

#define BUFFER_WANTED (4 << 20)
#define BUFFER_ENOUGH (1 << 20) /* a key frame of 4K in one burst */
#define UDP_FEW 10              /* ports */

/* All addresses, as without --listen. Returns a bound socket or -errno. */
static int bind_port(int type, uint16_t port)
{
    struct sockaddr_in6 v6 = {.sin6_family = AF_INET6, .sin6_port = htons(port)};
    struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(port)};
    int fd = socket(AF_INET6, type | SOCK_CLOEXEC, 0), off = 0, on = 1, err;
    bool ipv6 = fd >= 0;

    if (!ipv6)
        fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (ipv6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
    if (type == SOCK_STREAM) /* as GIO does: connections of before do not hold it */
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (bind(fd, ipv6 ? (void *)&v6 : (void *)&v4, ipv6 ? sizeof(v6) : sizeof(v4)) == 0 &&
        (type != SOCK_STREAM || listen(fd, 1) == 0))
        return fd;
    err = -errno;
    close(fd);
    return err;
}

/* How many are free; *ret_first: the first of them. */
static unsigned count_free(int type, uint16_t from, uint16_t to, uint16_t *ret_first)
{
    unsigned n = 0;

    for (unsigned port = from; port <= to; port++) {
        int fd = bind_port(type, (uint16_t)port);

        if (fd < 0)
            continue;
        close(fd);
        if (n++ == 0)
            *ret_first = (uint16_t)port;
    }
    return n;
}

static void check_tcp(void)
{
    uint16_t first = 0;
    unsigned n = count_free(SOCK_STREAM, GS_PROTO_PORT, GS_RUN_LAST_PORT, &first);
    struct gs_check check;

    if (n == 0) {
        gs_check_set(&check, "network.tcp", "control port", GS_CHECK_FAIL,
                     "TCP %u to %u are all in use", GS_PROTO_PORT, GS_RUN_LAST_PORT);
        gs_check_set_remedy(&check, "see who has them (ss -ltnp), or give another port: "
                                    "gpushare-host run --port N");
    } else {
        gs_check_set(&check, "network.tcp", "control port", GS_CHECK_OK,
                     "the next session takes TCP %u%s", first,
                     first == GS_PROTO_PORT ? "" : ", as those before it are in use");
    }
    gs_check_say(&check);
}

static void check_udp(void)
{
    const unsigned all = GS_PROTO_UDP_LAST - GS_PROTO_UDP_FIRST + 1;
    uint16_t first;
    unsigned n = count_free(SOCK_DGRAM, GS_PROTO_UDP_FIRST, GS_PROTO_UDP_LAST, &first);
    struct gs_check check;

    gs_check_set(&check, "network.udp", "media ports",
                 n == 0        ? GS_CHECK_FAIL
                 : n < UDP_FEW ? GS_CHECK_WARN
                               : GS_CHECK_OK,
                 "%u of %u are free (UDP %u to %u), one for each session", n, all,
                 GS_PROTO_UDP_FIRST, GS_PROTO_UDP_LAST);
    if (n < UDP_FEW)
        gs_check_set_remedy(&check, "end sessions, see who has them (ss -lunp), or give others: "
                                    "gpushare-host run --udp-ports FIRST-LAST");
    gs_check_say(&check);
}

static int buffer_of(int fd, int force, int plain)
{
    int wanted = BUFFER_WANTED, got = 0;
    socklen_t size = sizeof(got);

    if (setsockopt(fd, SOL_SOCKET, force, &wanted, sizeof(wanted)) < 0)
        setsockopt(fd, SOL_SOCKET, plain, &wanted, sizeof(wanted));
    getsockopt(fd, SOL_SOCKET, plain, &got, &size);
    return got / 2; /* the kernel says twice what it gives */
}

static void check_buffers(int fd)
{
    int out = buffer_of(fd, SO_SNDBUFFORCE, SO_SNDBUF),
        in = buffer_of(fd, SO_RCVBUFFORCE, SO_RCVBUF);
    bool enough = out >= BUFFER_ENOUGH && in >= BUFFER_ENOUGH;
    struct gs_check check;

    gs_check_set(&check, "network.buffers", "socket buffers", enough ? GS_CHECK_OK : GS_CHECK_WARN,
                 "%d kB to send, %d kB to receive%s", out / 1024, in / 1024,
                 enough ? "" : ": large pictures may lose packets in bursts");
    if (!enough)
        gs_check_set_remedy(&check, "sysctl -w net.core.wmem_max=%d net.core.rmem_max=%d",
                            BUFFER_WANTED, BUFFER_WANTED);
    gs_check_say(&check);
}

/* Whether the kernel cuts one send into two datagrams. */
static bool segments(int fd)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t size = sizeof(to);
    char data[2000] = "", got[sizeof(data)];
    struct pollfd readable = {.fd = fd, .events = POLLIN};
    int segment = 1000;

    if (bind(fd, (struct sockaddr *)&to, sizeof(to)) < 0 ||
        getsockname(fd, (struct sockaddr *)&to, &size) < 0 ||
        setsockopt(fd, SOL_UDP, UDP_SEGMENT, &segment, sizeof(segment)) < 0 ||
        sendto(fd, data, sizeof(data), 0, (struct sockaddr *)&to, size) != (ssize_t)sizeof(data))
        return false;
    return poll(&readable, 1, 1000) == 1 && recv(fd, got, sizeof(got), 0) == segment;
}

static void check_sockets(void)
{
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    struct gs_check check;
    bool ok;

    if (fd < 0)
        return; /* the ports failed already */
    check_buffers(fd);
    ok = segments(fd);
    gs_check_set(&check, "network.gso", "UDP segmentation", ok ? GS_CHECK_OK : GS_CHECK_INFO, "%s",
                 ok ? "the kernel cuts bursts into packets (GSO)"
                    : "not there: each packet costs a copy into the kernel (Linux 4.18 has it)");
    gs_check_say(&check);
    close(fd);
}

static void check_tls(void)
{
    GTlsCertificate *certificate = NULL;
    bool backend = g_tls_backend_supports_tls(g_tls_backend_get_default());
    bool ok = backend && gs_certificate_create(&certificate) == 0;
    struct gs_check check;

    gs_check_set(&check, "network.tls", "TLS", ok ? GS_CHECK_OK : GS_CHECK_FAIL, "%s",
                 ok        ? "a certificate could be made"
                 : backend ? "no certificate could be made"
                           : "GIO has no TLS");
    if (!ok)
        gs_check_set_remedy(&check, "apt install glib-networking libgnutls30");
    gs_check_say(&check);
    g_clear_object(&certificate);
}

static void check_address(void)
{
    g_autofree char *address = gs_address_of_this_machine();
    struct gs_check check;

    gs_check_set(&check, "network.address", "address", GS_CHECK_INFO,
                 "URLs will name %s; --advertise names another", address);
    gs_check_say(&check);
}

void gs_doctor_network(void)
{
    check_tcp();
    check_udp();
    check_sockets();
    check_tls();
    check_address();
}
