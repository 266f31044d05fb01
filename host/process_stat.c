/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/process_stat.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

int gs_process_stat_parse(const char *text, struct gs_process_stat *ret)
{
    const char *p = strrchr(text, ')'); /* the name before it may hold anything */
    unsigned long long start, user, system;
    int parent;

    if (!p || sscanf(p,
                     ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %llu %llu %*d %*d %*d "
                     "%*d %llu",
                     &parent, &user, &system, &start) != 4)
        return -EBADMSG;
    *ret = (struct gs_process_stat){parent, start, user + system};
    return 0;
}

int gs_process_stat(pid_t pid, struct gs_process_stat *ret)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;

    if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return -ESRCH;
    return gs_process_stat_parse(text, ret);
}
