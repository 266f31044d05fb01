/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "common/grant_page.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* It can't be made smaller, which would end whoever reads it, nor be unsealed. */
#define SEALS (F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL)
#define PIPE_BYTES 4096 /* as little as there can be */

/* ---- both sides ---- */

static int map(struct gs_grant_channel *c)
{
    void *at = mmap(NULL, GS_GRANT_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED, c->fd, 0);

    if (at == MAP_FAILED)
        return -errno;
    c->page = at;
    return 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

void gs_grant_channel_finish(struct gs_grant_channel *c)
{
    if (c->page)
        munmap(c->page, GS_GRANT_PAGE_SIZE);
    c->page = NULL;
    close_fd(&c->fd);
    close_fd(&c->to_worker);
    close_fd(&c->to_host);
    close_fd(&c->peer);
}

void gs_grant_kick(int fd)
{
    const uint64_t one = 1;

    /* Full: it has been woken often enough. */
    if (write(fd, &one, sizeof(one)) < 0)
        return;
}

void gs_grant_clear(int fd)
{
    uint64_t kicks[64];

    while (read(fd, kicks, sizeof(kicks)) == sizeof(kicks))
        continue;
}

/* ---- the host ---- */

static int create_page(struct gs_grant_channel *c)
{
    int err;

    c->fd = memfd_create("gpushare-grants", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    if (c->fd < 0 || ftruncate(c->fd, GS_GRANT_PAGE_SIZE) < 0 || fcntl(c->fd, F_ADD_SEALS, SEALS))
        return -errno;
    err = map(c);
    if (!err)
        atomic_store(&c->page->down.version, GS_GRANT_PAGE_VERSION);
    return err;
}

static int create_kicks(struct gs_grant_channel *c)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) < 0)
        return -errno;
    c->peer = ends[0];
    c->to_worker = ends[1];
    /* Kernel memory; more is no error. */
    (void)fcntl(c->to_worker, F_SETPIPE_SZ, PIPE_BYTES);
    c->to_host = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return c->to_host < 0 ? -errno : 0;
}

int gs_grant_channel_create(struct gs_grant_channel *ret)
{
    struct gs_grant_channel c = GS_GRANT_CHANNEL_NONE;
    int err = create_page(&c);

    err = err ? err : create_kicks(&c);
    if (err)
        gs_grant_channel_finish(&c);
    *ret = c;
    return err;
}

/* ---- the worker ---- */

static bool is_page(int fd)
{
    struct stat st;

    return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size == GS_GRANT_PAGE_SIZE &&
           fcntl(fd, F_GET_SEALS) == SEALS;
}

static bool is_pipe_to_read(int fd)
{
    struct stat st;
    int flags = fcntl(fd, F_GETFL);

    return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && (flags & O_ACCMODE) == O_RDONLY &&
           (flags & O_NONBLOCK);
}

static bool is_eventfd(int fd)
{
    static const char wanted[] = "anon_inode:[eventfd]";
    char path[64], is[sizeof(wanted)];
    ssize_t n;

    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    n = readlink(path, is, sizeof(is));
    return n == (ssize_t)sizeof(wanted) - 1 && memcmp(is, wanted, (size_t)n) == 0 &&
           (fcntl(fd, F_GETFL) & O_NONBLOCK);
}

int gs_grant_channel_open(const int fds[3], struct gs_grant_channel *ret)
{
    struct gs_grant_channel c = {NULL, fds[0], fds[1], fds[2], -1};
    int err = -EPROTO;

    if (is_page(c.fd) && is_pipe_to_read(c.to_worker) && is_eventfd(c.to_host))
        err = map(&c);
    if (!err && atomic_load(&c.page->down.version) != GS_GRANT_PAGE_VERSION)
        err = -EPROTO;
    if (err)
        gs_grant_channel_finish(&c);
    *ret = c;
    return err;
}
