/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/reaper.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* Field 4 of /proc/PID/stat; the name before it may hold anything, but ends with the last ')'. */
static pid_t parent_of(const char *pid)
{
    g_autofree char *path = g_build_filename("/proc", pid, "stat", NULL);
    g_autofree char *text = NULL;
    const char *end;
    char state;
    int parent;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    end = strrchr(text, ')');
    return end && sscanf(end, ") %c %d", &state, &parent) == 2 ? parent : 0;
}

bool gs_reaper_sweep(void)
{
    g_autoptr(GDir) proc = NULL;
    const char *name;

    while (waitpid(-1, NULL, WNOHANG) > 0)
        ;
    if (waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD)
        return true;
    proc = g_dir_open("/proc", 0, NULL);
    while (proc && (name = g_dir_read_name(proc))) {
        pid_t pid = g_ascii_isdigit(name[0]) ? atoi(name) : 0;

        if (pid > 0 && parent_of(name) == getpid())
            kill(pid, SIGKILL);
    }
    return false;
}
