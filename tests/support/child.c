/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/support/child.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* proc(5): pid (comm) state ppid … utime 14 stime 15 */
static bool read_child(const char *pid, const char *name, pid_t parent, struct child *ret)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/stat", pid);
    g_autofree char *text = NULL;
    unsigned long user, system;
    char state, *close;
    int ppid;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return false;
    close = strrchr(text, ')');
    if (!close || !strstr(text, name) ||
        sscanf(close + 1, " %c %d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu", &state, &ppid,
               &user, &system) != 4 ||
        (parent && ppid != parent))
        return false;
    *ret = (struct child){atoi(pid), state, user + system};
    return true;
}

bool child_find(const char *name, pid_t parent, struct child *ret)
{
    GDir *dir = g_dir_open("/proc", 0, NULL);
    const char *entry;
    bool found = false;

    while (!found && (entry = g_dir_read_name(dir)))
        found = g_ascii_isdigit(entry[0]) && read_child(entry, name, parent, ret);
    g_dir_close(dir);
    return found;
}
