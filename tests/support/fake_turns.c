/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/fake_turns.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* ---- getting a page ---- */

int fake_turns_receive(int socket, struct gs_grant_channel *ret)
{
    uint8_t type = 0;
    int fds[3];
    struct iovec iov = {&type, 1};
    union {
        struct cmsghdr head;
        char bytes[CMSG_SPACE(sizeof(fds))];
    } control;
    struct msghdr msg = {.msg_iov = &iov,
                         .msg_iovlen = 1,
                         .msg_control = &control,
                         .msg_controllen = sizeof(control.bytes)};
    struct pollfd p = {.fd = socket, .events = POLLIN};
    ssize_t n;

    if (poll(&p, 1, FAKE_TURNS_DEADLINE_MS) <= 0)
        return -ETIMEDOUT;
    n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC);
    if (n <= 0)
        return n < 0 ? -errno : -ECONNRESET;
    if (type != GS_LINK_GRANTS_HERE || !CMSG_FIRSTHDR(&msg) ||
        CMSG_FIRSTHDR(&msg)->cmsg_len != CMSG_LEN(sizeof(fds)))
        return -EPROTO;
    memcpy(fds, CMSG_DATA(CMSG_FIRSTHDR(&msg)), sizeof(fds));
    return gs_grant_channel_open(fds, ret);
}

static int say_who(int socket, const struct gs_worker_grants *who)
{
    char *json = gs_worker_grants_to_json(who);
    uint32_t size = (uint32_t)strlen(json);
    uint8_t head[5] = {(uint8_t)(size >> 24), (uint8_t)(size >> 16), (uint8_t)(size >> 8),
                       (uint8_t)size, GS_LINK_GRANTS};
    bool sent = send(socket, head, sizeof(head), MSG_NOSIGNAL) == sizeof(head) &&
                send(socket, json, size, MSG_NOSIGNAL) == (ssize_t)size;

    free(json);
    return sent ? 0 : -EPIPE;
}

int fake_turns_connect(const char *path, const struct gs_worker_grants *who)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), err;

    strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
    if (fd < 0)
        return -errno;
    err = connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ? -errno : 0;
    err = err ? err : say_who(fd, who);
    if (!err)
        return fd;
    close(fd);
    return err;
}

/* ---- frames ---- */

/* Sleeps until the host wakes us. */
static bool wait_kick(struct gs_grant_channel *c)
{
    struct pollfd p = {.fd = c->to_worker, .events = POLLIN};

    if (poll(&p, 1, FAKE_TURNS_DEADLINE_MS) <= 0 || !(p.revents & POLLIN))
        return false;
    gs_grant_clear(c->to_worker);
    return true;
}

static bool has_flag(struct gs_grant_channel *c, enum gs_grant_flag flag)
{
    return atomic_load(&c->page->down.flags) & flag;
}

void fake_turns_ask(struct gs_grant_channel *c)
{
    atomic_fetch_add(&c->page->up.asked, 1);
    gs_grant_kick(c->to_host);
}

bool fake_turns_await(struct gs_grant_channel *c)
{
    while (atomic_load(&c->page->down.granted) != atomic_load(&c->page->up.asked)) {
        if (!wait_kick(c))
            return false;
    }
    atomic_fetch_add(&c->page->up.started, 1);
    return true;
}

bool fake_turns_begin(struct gs_grant_channel *c)
{
    if (has_flag(c, GS_GRANT_FREE)) {
        atomic_fetch_add(&c->page->up.started, 1);
        gs_grant_kick(c->to_host);
        return true;
    }
    fake_turns_ask(c);
    return fake_turns_await(c);
}

void fake_turns_end(struct gs_grant_channel *c)
{
    atomic_store(&c->page->up.finished, atomic_load(&c->page->up.started));
    gs_grant_kick(c->to_host);
}

bool fake_turns_end_and_ask(struct gs_grant_channel *c)
{
    bool ask = !has_flag(c, GS_GRANT_FREE);

    atomic_store(&c->page->up.finished, atomic_load(&c->page->up.started));
    if (ask)
        atomic_fetch_add(&c->page->up.asked, 1);
    gs_grant_kick(c->to_host);
    return ask;
}

bool fake_turns_wait_flag(struct gs_grant_channel *c, enum gs_grant_flag flag, bool set)
{
    while (has_flag(c, flag) != set) {
        if (!wait_kick(c))
            return false;
    }
    return true;
}
