/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/process_stat.h"

#include <errno.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>

int gs_process_stat(pid_t pid, struct gs_process_stat *ret)
{
    g_autofree char *path = g_strdup_printf("/proc/%d/stat", (int)pid);
    g_autofree char *text = NULL;
    unsigned long long start;
    const char *p;
    int parent;

    if (pid <= 0 || !g_file_get_contents(path, &text, NULL, NULL))
        return -ESRCH;
    p = strrchr(text, ')'); /* the name before it may hold anything */
    if (!p || sscanf(p,
                     ") %*c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d "
                     "%*d %llu",
                     &parent, &start) != 2)
        return -EBADMSG;
    *ret = (struct gs_process_stat){parent, start};
    return 0;
}
