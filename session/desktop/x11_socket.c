/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Which sockets X11 clients may come through. wlroots opens two, one of them in the abstract
 * namespace, which is common to all processes that share a network namespace: an application could
 * look at the windows of another session of the same user, whatever files it sees. That one is
 * shut, but kept, so that nobody else can have its name, which libxcb tries first; Xwayland gets a
 * socket in the session's private folder in its place, which nobody uses. */
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <wlr/xwayland.h>

#include "common/log.h"
#include "session/desktop/desktop.h"

static bool is_abstract(int fd)
{
    struct sockaddr_un address;
    socklen_t size = sizeof(address);

    return getsockname(fd, (struct sockaddr *)&address, &size) == 0 &&
           size > offsetof(struct sockaddr_un, sun_path) && address.sun_path[0] == '\0';
}

static int listen_privately(const char *runtime_dir)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    g_snprintf(address.sun_path, sizeof(address.sun_path), "%s/x11", runtime_dir);
    unlink(address.sun_path);
    if (fd >= 0 &&
        (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 || listen(fd, 1) < 0)) {
        close(fd);
        return -1;
    }
    return fd;
}

static int ignore(int fd GS_UNUSED, uint32_t mask GS_UNUSED, void *user GS_UNUSED)
{
    return 0;
}

/* wlroots starts Xwayland when something happens to a socket, which shutting is. It takes its
 * sources away by itself, so that there must be one. */
static int watch_instead(struct gs_desktop *d, unsigned i, int fd)
{
    struct wl_event_source **source = &d->xwayland->server->x_fd_read_event[i];

    if (!*source)
        return 0;
    wl_event_source_remove(*source);
    *source = wl_event_loop_add_fd(d->loop, fd, WL_EVENT_READABLE, ignore, d);
    return *source ? 0 : -1;
}

void gs_x11_socket_finish(struct gs_desktop *d)
{
    if (d->x11_held_fd >= 0)
        close(d->x11_held_fd);
    d->x11_held_fd = -1;
}

void gs_x11_socket_close_abstract(struct gs_desktop *d)
{
    int *fds = d->xwayland->server->x_fd;

    for (unsigned i = 0; i < GS_ARRAY_SIZE(d->xwayland->server->x_fd); i++) {
        int fd;

        if (fds[i] < 0 || !is_abstract(fds[i]))
            continue;
        fd = listen_privately(d->base.params.runtime_dir);
        d->x11_held_fd = fcntl(fds[i], F_DUPFD_CLOEXEC, 3);
        if (fd < 0 || d->x11_held_fd < 0 || watch_instead(d, i, fd) < 0 ||
            shutdown(d->x11_held_fd, SHUT_RDWR) < 0 || dup3(fd, fds[i], O_CLOEXEC) < 0)
            gs_warn("X11's abstract socket stays open: %s", g_strerror(errno));
        if (fd >= 0)
            close(fd);
    }
}
