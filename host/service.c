/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/service.h"

#include <errno.h>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include "common/log.h"

#define FIRST_FD 3 /* SD_LISTEN_FDS_START */
#define FDS_MAX 64
#define ABOVE_FD 10 /* 3 is the link in every child */

struct gs_service {
    int notify; /* connected; -1: nobody is to be told */
    char *status;
    int fds[FDS_MAX]; /* that were passed and not taken */
    unsigned n_fds;
    guint64 watchdog_us; /* 0: nobody watches */
    guint watchdog;
};

/* ---- the environment ---- */

/* A number of a variable, which is cleared. */
static bool take_number(const char *variable, guint64 *ret)
{
    g_autofree char *text = g_strdup(g_getenv(variable));

    g_unsetenv(variable);
    return text && g_ascii_string_to_unsigned(text, 10, 0, G_MAXUINT64, ret, NULL);
}

/* "/path", or "@name" of the abstract kind. -1: no such address. */
static int connect_to(const char *name)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    const struct timeval patience = {.tv_sec = 1}; /* the loop is worth more than a message */
    size_t length = strlen(name);
    int fd;

    if ((name[0] != '/' && name[0] != '@') || length < 2 || length >= sizeof(address.sun_path))
        return -1;
    memcpy(address.sun_path, name, length);
    if (name[0] == '@')
        address.sun_path[0] = '\0';
    fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    if (connect(fd, (const struct sockaddr *)&address,
                (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) == 0)
        return fd;
    close(fd);
    return -1;
}

static void open_notify(struct gs_service *s)
{
    g_autofree char *name = g_strdup(g_getenv("NOTIFY_SOCKET"));

    g_unsetenv("NOTIFY_SOCKET");
    s->notify = name ? connect_to(name) : -1;
    if (name && s->notify < 0)
        gs_warn("NOTIFY_SOCKET=%s cannot be used: %s", name, g_strerror(errno));
}

/* Out of the way of what children are given. */
static void take_fds(struct gs_service *s)
{
    guint64 pid = 0, n = 0;
    bool ours = take_number("LISTEN_PID", &pid) && pid == (guint64)getpid();

    g_unsetenv("LISTEN_FDNAMES");
    if (!take_number("LISTEN_FDS", &n) || !ours)
        return;
    for (int fd = FIRST_FD; fd < FIRST_FD + (int)MIN(n, FDS_MAX); fd++) {
        int moved = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE_FD + FDS_MAX);

        if (moved >= 0)
            s->fds[s->n_fds++] = moved;
        close(fd);
    }
}

static void take_watchdog(struct gs_service *s)
{
    guint64 pid = (guint64)getpid(), us = 0;

    take_number("WATCHDOG_PID", &pid);
    if (take_number("WATCHDOG_USEC", &us) && pid == (guint64)getpid())
        s->watchdog_us = us;
}

struct gs_service *gs_service_open(void)
{
    struct gs_service *s = g_new0(struct gs_service, 1);

    take_fds(s);
    open_notify(s);
    take_watchdog(s);
    return s;
}

void gs_service_close(struct gs_service *s)
{
    if (!s)
        return;
    if (s->watchdog)
        g_source_remove(s->watchdog);
    for (unsigned i = 0; i < s->n_fds; i++)
        close(s->fds[i]);
    if (s->notify >= 0)
        close(s->notify);
    g_free(s->status);
    g_free(s);
}

/* ---- the socket ---- */

/* A listening stream at a path; "" for anything else. */
static char *path_of(int fd)
{
    struct sockaddr_un address = {0};
    socklen_t size = sizeof(address) - 1, n = sizeof(int);
    int type = 0, listens = 0;

    if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &n) < 0 || type != SOCK_STREAM ||
        getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &n) < 0 || !listens ||
        getsockname(fd, (struct sockaddr *)&address, &size) < 0 || address.sun_family != AF_UNIX)
        return g_strdup("");
    return g_strdup(address.sun_path);
}

int gs_service_take_socket(struct gs_service *s, const char *path, GSocket **ret)
{
    g_autofree char *other = NULL;

    *ret = NULL;
    for (unsigned i = 0; i < s->n_fds; i++) {
        g_autofree char *its = path_of(s->fds[i]);

        if (strcmp(its, path) == 0)
            *ret = g_socket_new_from_fd(s->fds[i], NULL);
        if (*ret) {
            s->fds[i] = s->fds[--s->n_fds];
            return 0;
        }
        g_free(other);
        other = g_steal_pointer(&its);
    }
    if (!other)
        return 0;
    gs_error("the service manager passes %s, and the control socket is %s: ListenStream= of the "
             "socket unit and runtime-dir of the configuration must agree",
             other[0] ? other : "a socket that is no listening Unix socket", path);
    return -EADDRNOTAVAIL;
}

/* ---- what is told ---- */

static void tell(struct gs_service *s, const char *text)
{
    if (s->notify >= 0 && send(s->notify, text, strlen(text), MSG_NOSIGNAL) < 0)
        gs_warn("cannot tell the service manager “%s”: %s", text, g_strerror(errno));
}

static gboolean on_watchdog(gpointer data)
{
    tell(data, "WATCHDOG=1");
    return G_SOURCE_CONTINUE;
}

void gs_service_ready(struct gs_service *s)
{
    tell(s, "READY=1");
    if (s->notify < 0 || !s->watchdog_us || s->watchdog)
        return;
    s->watchdog =
        g_timeout_add((guint)CLAMP(s->watchdog_us / 2 / 1000, 1, G_MAXINT), on_watchdog, s);
}

void gs_service_reloading(struct gs_service *s)
{
    g_autofree char *text =
        g_strdup_printf("RELOADING=1\nMONOTONIC_USEC=%" G_GINT64_FORMAT, g_get_monotonic_time());

    tell(s, text);
}

void gs_service_stopping(struct gs_service *s)
{
    tell(s, "STOPPING=1");
}

void gs_service_status(struct gs_service *s, const char *text)
{
    g_autofree char *line = g_strconcat("STATUS=", text, NULL);

    if (s->notify < 0 || g_strcmp0(s->status, text) == 0)
        return;
    g_free(s->status);
    s->status = g_strdup(text);
    tell(s, g_strdelimit(line, "\n", ' '));
}
