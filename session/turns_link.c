/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/turns_link.h"

#include <errno.h>
#include <glib-unix.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/bytes.h"
#include "common/log.h"

#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 10000
#define FDS_MOST 8 /* are looked at; more are not let in by the kernel */

struct gs_turns_link {
    const struct gs_turns_link_handler *handler;
    void *user;
    char *path;
    uint8_t *message; /* the only one */
    size_t size;
    int fd;
    bool open; /* the descriptors came */
    guint watch, retry;
    unsigned wait_ms;
};

static void remove_source(guint *source)
{
    if (*source)
        g_source_remove(*source);
    *source = 0;
}

static void drop(struct gs_turns_link *l)
{
    remove_source(&l->watch);
    remove_source(&l->retry);
    if (l->fd >= 0)
        close(l->fd);
    l->fd = -1;
    l->open = false;
}

static gboolean on_retry(gpointer data);

static void try_later(struct gs_turns_link *l)
{
    drop(l);
    l->retry = g_timeout_add(l->wait_ms, on_retry, l);
    l->wait_ms = MIN(2 * l->wait_ms, RETRY_MOST_MS);
}

/* ---- the answer ---- */

struct answer {
    ssize_t n; /* bytes; 0: the end; -errno */
    uint8_t byte;
    bool cut; /* there were more descriptors */
    unsigned n_fds;
    int fds[FDS_MOST];
};

static void take_fds(struct answer *a, const struct cmsghdr *c)
{
    size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

    if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS || n > FDS_MOST - a->n_fds)
        return;
    memcpy(a->fds + a->n_fds, CMSG_DATA(c), n * sizeof(int));
    a->n_fds += (unsigned)n;
}

static void receive(int fd, struct answer *ret)
{
    uint8_t bytes[2]; /* one more than there should be */
    union {
        struct cmsghdr align;
        char room[CMSG_SPACE(FDS_MOST * sizeof(int))];
    } control;
    struct iovec iov = {bytes, sizeof(bytes)};
    struct msghdr m = {.msg_iov = &iov,
                       .msg_iovlen = 1,
                       .msg_control = control.room,
                       .msg_controllen = sizeof(control.room)};

    *ret = (struct answer){.n = recvmsg(fd, &m, MSG_CMSG_CLOEXEC | MSG_DONTWAIT)};
    if (ret->n < 0) {
        ret->n = -errno;
        return;
    }
    ret->byte = bytes[0];
    ret->cut = m.msg_flags & MSG_CTRUNC;
    for (struct cmsghdr *c = CMSG_FIRSTHDR(&m); c; c = CMSG_NXTHDR(&m, c))
        take_fds(ret, c);
}

static void close_fds(const struct answer *a)
{
    for (unsigned i = 0; i < a->n_fds; i++)
        close(a->fds[i]);
}

/* Of a connection whose page counts nothing more should come. */
static void on_word_too_many(struct gs_turns_link *l, const struct answer *a)
{
    close_fds(a);
    if (a->n > 0)
        gs_warn("the scheduler says what nobody asked it for; it is left, and asked again");
    try_later(l);
    l->handler->closed(l->user);
}

static void on_answer(struct gs_turns_link *l, const struct answer *a)
{
    int err;

    if (a->n == 0) {
        gs_info("the host has no scheduler: frames start as they come");
        drop(l);
        return;
    }
    if (a->n != 1 || a->byte != GS_LINK_GRANTS_HERE || a->cut || a->n_fds != GS_TURNS_LINK_FDS) {
        close_fds(a);
        err = a->n < 0 ? (int)a->n : -EPROTO;
    } else {
        l->open = true;
        err = l->handler->opened(l->user, a->fds);
    }
    if (!err) {
        l->wait_ms = RETRY_FIRST_MS;
        return;
    }
    gs_warn("what the host gives for its scheduler cannot be used (%s); frames start as they come",
            g_strerror(-err));
    try_later(l);
}

static gboolean on_readable(gint fd, GIOCondition condition GS_UNUSED, gpointer data)
{
    struct gs_turns_link *l = data;
    struct answer a;

    receive(fd, &a);
    if (a.n == -EAGAIN || a.n == -EINTR)
        return G_SOURCE_CONTINUE;
    if (l->open)
        on_word_too_many(l, &a);
    else
        on_answer(l, &a);
    /* What has gone was removed already. */
    return G_SOURCE_CONTINUE;
}

/* ---- the question ---- */

static int connect_to(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd, err;

    if (strlen(path) >= sizeof(address.sun_path))
        return -ENAMETOOLONG;
    memcpy(address.sun_path, path, strlen(path));
    fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -errno;
    if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) == 0)
        return fd;
    err = -errno; /* EAGAIN: too many wait to be let in */
    close(fd);
    return err;
}

static void ask(struct gs_turns_link *l)
{
    int fd = connect_to(l->path);

    if (fd < 0) {
        gs_debug("%s: %s", l->path, g_strerror(-fd));
        try_later(l);
        return;
    }
    l->fd = fd;
    /* A new connection has room for it. */
    if (send(fd, l->message, l->size, MSG_NOSIGNAL) != (ssize_t)l->size) {
        try_later(l);
        return;
    }
    l->watch = g_unix_fd_add(fd, G_IO_IN | G_IO_HUP | G_IO_ERR, on_readable, l);
}

static gboolean on_retry(gpointer data)
{
    struct gs_turns_link *l = data;

    l->retry = 0;
    ask(l);
    return G_SOURCE_REMOVE;
}

static void write_message(struct gs_turns_link *l, const struct gs_worker_grants *who)
{
    char *json = gs_worker_grants_to_json(who);
    size_t n = json ? strlen(json) : 0;
    struct gs_writer w;

    l->size = 4 + 1 + n;
    l->message = g_malloc(l->size);
    gs_writer_init(&w, l->message, l->size);
    gs_write_u32(&w, (uint32_t)n);
    gs_write_u8(&w, GS_LINK_GRANTS);
    if (n)
        memcpy(l->message + 5, json, n);
    free(json);
}

/* ---- life ---- */

struct gs_turns_link *gs_turns_link_create(const struct gs_turns_link_handler *handler, void *user)
{
    struct gs_turns_link *l = g_new0(struct gs_turns_link, 1);

    l->handler = handler;
    l->user = user;
    l->fd = -1;
    return l;
}

void gs_turns_link_destroy(struct gs_turns_link *l)
{
    if (!l)
        return;
    gs_turns_link_close(l);
    g_free(l);
}

void gs_turns_link_connect(struct gs_turns_link *l, const char *path,
                           const struct gs_worker_grants *who)
{
    gs_turns_link_close(l);
    l->path = g_strdup(path);
    l->wait_ms = RETRY_FIRST_MS;
    write_message(l, who);
    ask(l);
}

void gs_turns_link_again(struct gs_turns_link *l)
{
    if (l->path)
        try_later(l);
}

void gs_turns_link_close(struct gs_turns_link *l)
{
    drop(l);
    g_clear_pointer(&l->path, g_free);
    g_clear_pointer(&l->message, g_free);
}
