/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/x11_lock.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/log.h"

/* The lock is the process id of its owner in ten columns and a line break. */
static bool owner_is_gone(const char *lock)
{
    int fd = open(lock, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    char text[12] = "";
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
    long pid = n > 0 ? strtol(text, NULL, 10) : 0;

    if (fd >= 0)
        close(fd);
    /* What is no process id must not become one, or a group's, by losing its upper half. */
    return pid > 1 && pid <= INT_MAX && kill((pid_t)pid, 0) < 0 && errno == ESRCH;
}

void gs_x11_lock_remove_stale(const char *tmp, int display)
{
    g_autofree char *lock = g_strdup_printf("%s/.X%d-lock", tmp, display);
    g_autofree char *sock = g_strdup_printf("%s/.X11-unix/X%d", tmp, display);

    if (!owner_is_gone(lock))
        return;
    /* The lock goes last: as long as it is there nobody else takes the number. */
    if (unlink(sock) < 0 && errno != ENOENT)
        gs_warn("cannot remove %s: %s", sock, g_strerror(errno));
    if (unlink(lock) < 0 && errno != ENOENT)
        gs_warn("cannot remove %s: %s", lock, g_strerror(errno));
}
