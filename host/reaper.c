/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/reaper.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

struct gs_reaper {
    GHashTable *claimed; /* pids */
};

int gs_reaper_create(struct gs_reaper **ret)
{
    if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) < 0)
        return -errno;
    *ret = g_new0(struct gs_reaper, 1);
    (*ret)->claimed = g_hash_table_new(NULL, NULL);
    return 0;
}

void gs_reaper_destroy(struct gs_reaper *r)
{
    if (!r)
        return;
    g_hash_table_unref(r->claimed);
    g_free(r);
}

void gs_reaper_claim(struct gs_reaper *r, pid_t pid)
{
    g_hash_table_add(r->claimed, GINT_TO_POINTER(pid));
}

void gs_reaper_disclaim(struct gs_reaper *r, pid_t pid)
{
    g_hash_table_remove(r->claimed, GINT_TO_POINTER(pid));
}

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

bool gs_reaper_sweep(struct gs_reaper *r)
{
    g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
    const char *name;
    bool clean = true;

    while (proc && (name = g_dir_read_name(proc))) {
        pid_t pid = g_ascii_isdigit(name[0]) ? atoi(name) : 0;

        if (pid == 0 || parent_of(name) != getpid() ||
            g_hash_table_contains(r->claimed, GINT_TO_POINTER(pid)))
            continue;
        /* Its own children come to us when it is reaped: look again. */
        clean = false;
        kill(pid, SIGKILL);
        waitpid(pid, NULL, WNOHANG);
    }
    return clean;
}
