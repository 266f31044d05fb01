/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/grants_host.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib-unix.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "common/clock.h"

#define FDS_MOST 5

static int fd_of(const struct grants_host *h)
{
    return g_socket_get_fd(g_socket_connection_get_socket(h->conn));
}

static void send_fds(struct grants_host *h, const void *bytes, size_t size, const int *fds,
                     unsigned n)
{
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(FDS_MOST * sizeof(int))];
    } control;
    struct iovec iov = {(void *)bytes, size};
    struct msghdr m = {.msg_iov = &iov, .msg_iovlen = 1};

    memset(&control, 0, sizeof(control));
    m.msg_control = control.room;
    m.msg_controllen = CMSG_SPACE(n * sizeof(int));
    control.align.cmsg_level = SOL_SOCKET;
    control.align.cmsg_type = SCM_RIGHTS;
    control.align.cmsg_len = CMSG_LEN(n * sizeof(int));
    memcpy(CMSG_DATA(&control.align), fds, n * sizeof(int));
    if (sendmsg(fd_of(h), &m, MSG_NOSIGNAL) < 0)
        fprintf(stderr, "grants host: %s\n", g_strerror(errno));
}

/* A test that stands still for a while is no silent host. */
static void live_on(struct grants_host *h)
{
    atomic_store(&h->channel.page->down.heartbeat, gs_now_ns() + 3600 * GS_NS_PER_S);
}

/* What takes the place of the page; for close. */
static int other_memory(enum grants_answer answer)
{
    const int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    const uint32_t version = GS_GRANT_PAGE_VERSION + (answer == GRANTS_VERSION);
    int fd = memfd_create("gs-test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

    if (fd < 0 || ftruncate(fd, GS_GRANT_PAGE_SIZE * (answer == GRANTS_LARGE ? 2 : 1)) < 0 ||
        pwrite(fd, &version, sizeof(version), 0) < 0 ||
        (answer != GRANTS_UNSEALED && fcntl(fd, F_ADD_SEALS, seals) < 0))
        fprintf(stderr, "grants host: no memory to give: %s\n", g_strerror(errno));
    return fd;
}

static void give(struct grants_host *h)
{
    const uint8_t bytes[2] = {(uint8_t)(GS_LINK_GRANTS_HERE + (h->answer == GRANTS_WRONG_BYTE)), 0};
    unsigned n = h->answer == GRANTS_FEW ? 2 : h->answer == GRANTS_MANY ? 5 : 3;
    int other = -1;

    if (gs_grant_channel_create(&h->channel) < 0)
        return;
    if (h->answer >= GRANTS_UNSEALED && h->answer <= GRANTS_VERSION)
        other = other_memory(h->answer);
    live_on(h);
    atomic_store(&h->channel.page->down.flags, GS_GRANT_FREE);
    send_fds(h, bytes, h->answer == GRANTS_TWO_BYTES ? 2 : 1,
             (const int[FDS_MOST]){h->answer == GRANTS_PIPE ? h->channel.peer
                                   : other >= 0             ? other
                                                            : h->channel.fd,
                                   h->channel.peer, h->channel.to_host, h->channel.to_host,
                                   h->channel.to_host},
             n);
    close(h->channel.peer);
    h->channel.peer = -1;
    if (other >= 0)
        close(other);
    if (h->answer != GRANTS_PAGE)
        gs_grant_channel_finish(&h->channel);
}

/* The worker's one message comes in one piece. */
static gboolean on_message(gint fd, GIOCondition condition GS_UNUSED, gpointer data)
{
    struct grants_host *h = data;
    uint8_t frame[1024];
    ssize_t n = recv(fd, frame, sizeof(frame), MSG_DONTWAIT);

    h->watch = 0;
    if (n < 5 || frame[4] != GS_LINK_GRANTS ||
        gs_worker_grants_from_json((const char *)frame + 5, (size_t)n - 5, &h->who) < 0) {
        fprintf(stderr, "grants host: that is no question\n");
        return G_SOURCE_REMOVE;
    }
    h->asked++;
    if (h->answer == GRANTS_CLOSE)
        grants_host_drop(h);
    else if (h->answer != GRANTS_SILENCE)
        give(h);
    return G_SOURCE_REMOVE;
}

static gboolean on_incoming(GSocketService *service GS_UNUSED, GSocketConnection *conn,
                            GObject *source GS_UNUSED, gpointer user)
{
    struct grants_host *h = user;

    grants_host_drop(h);
    h->conn = g_object_ref(conn);
    h->watch = g_unix_fd_add(fd_of(h), G_IO_IN, on_message, h);
    return TRUE;
}

int grants_host_start(struct grants_host *h, const char *path)
{
    g_autoptr(GSocketAddress) address = g_unix_socket_address_new(path);
    g_autoptr(GError) error = NULL;

    *h = (struct grants_host){.path = g_strdup(path), .channel = GS_GRANT_CHANNEL_NONE};
    h->service = g_socket_service_new();
    g_signal_connect(h->service, "incoming", G_CALLBACK(on_incoming), h);
    if (g_socket_listener_add_address(G_SOCKET_LISTENER(h->service), address, G_SOCKET_TYPE_STREAM,
                                      G_SOCKET_PROTOCOL_DEFAULT, NULL, NULL, &error))
        return 0;
    fprintf(stderr, "grants host: %s\n", error->message);
    return -EADDRINUSE;
}

void grants_host_drop(struct grants_host *h)
{
    if (h->watch)
        g_source_remove(h->watch);
    h->watch = 0;
    gs_grant_channel_finish(&h->channel);
    if (h->conn)
        g_io_stream_close(G_IO_STREAM(h->conn), NULL, NULL);
    g_clear_object(&h->conn);
}

void grants_host_finish(struct grants_host *h)
{
    if (!h->service)
        return;
    g_socket_service_stop(h->service);
    g_socket_listener_close(G_SOCKET_LISTENER(h->service));
    g_clear_object(&h->service);
    grants_host_drop(h);
    unlink(h->path);
    g_free(h->path);
}

void grants_host_fall_silent(struct grants_host *h)
{
    atomic_store(&h->channel.page->down.heartbeat, gs_now_ns());
}

void grants_host_flags(struct grants_host *h, uint32_t flags)
{
    live_on(h);
    atomic_store(&h->channel.page->down.flags, flags);
    gs_grant_kick(h->channel.to_worker);
}

bool grants_host_is_asked(const struct grants_host *h)
{
    struct gs_grant_page *p = h->channel.page;
    uint32_t asked = atomic_load(&p->up.asked);

    return asked != atomic_load(&p->down.granted) && asked != atomic_load(&p->up.withdrawn);
}

void grants_host_grant(struct grants_host *h)
{
    struct gs_grant_page *p = h->channel.page;

    live_on(h);
    atomic_store(&p->down.granted, atomic_load(&p->up.asked));
    gs_grant_kick(h->channel.to_worker);
}

void grants_host_babble(struct grants_host *h)
{
    if (send(fd_of(h), "?", 1, MSG_NOSIGNAL) < 0)
        fprintf(stderr, "grants host: %s\n", g_strerror(errno));
}
