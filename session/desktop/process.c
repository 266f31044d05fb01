/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Finds the processes that the application left: the worker is the subreaper, so that all of them
 * are its descendants whatever they do. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "session/desktop/process.h"

struct process {
    pid_t pid, parent;
    bool zombie, xwayland;
};

/* proc(5): pid (comm) state ppid …; comm may hold anything, parentheses too. */
static bool read_process(const char *name, struct process *ret)
{
    char path[64], text[512], state;
    const char *open, *close;
    size_t n;
    FILE *f;

    snprintf(path, sizeof(path), "/proc/%.20s/stat", name);
    f = fopen(path, "re");
    if (!f)
        return false; /* it has just ended */
    n = fread(text, 1, sizeof(text) - 1, f);
    fclose(f);
    text[n] = '\0';
    open = strchr(text, '(');
    close = strrchr(text, ')');
    if (!open || !close || sscanf(close + 1, " %c %d", &state, &ret->parent) != 2)
        return false;
    ret->pid = (pid_t)strtol(text, NULL, 10);
    ret->zombie = state == 'Z' || state == 'X';
    ret->xwayland = close - open == 9 && strncmp(open + 1, "Xwayland", 8) == 0;
    return true;
}

static GArray *read_all(void)
{
    GArray *all = g_array_new(FALSE, FALSE, sizeof(struct process));
    DIR *dir = opendir("/proc");
    const struct dirent *entry;
    struct process p;

    while (dir && (entry = readdir(dir))) {
        if (entry->d_name[0] >= '1' && entry->d_name[0] <= '9' && read_process(entry->d_name, &p))
            g_array_append_val(all, p);
    }
    if (dir)
        closedir(dir);
    return all;
}

static void add_children(const GArray *all, pid_t parent, GArray *ret)
{
    for (guint i = 0; i < all->len; i++) {
        const struct process *p = &g_array_index(all, struct process, i);

        if (p->parent == parent && !p->zombie)
            g_array_append_val(ret, p->pid);
    }
}

GArray *gs_process_descendants(pid_t skip, bool with_xwayland)
{
    GArray *all = read_all(), *ret = g_array_new(FALSE, FALSE, sizeof(pid_t));
    pid_t self = getpid();

    for (guint i = 0; i < all->len; i++) {
        const struct process *p = &g_array_index(all, struct process, i);

        if (p->parent == self && !p->zombie && p->pid != skip && (with_xwayland || !p->xwayland))
            g_array_append_val(ret, p->pid);
    }
    for (guint i = 0; i < ret->len; i++)
        add_children(all, g_array_index(ret, pid_t, i), ret);
    g_array_unref(all);
    return ret;
}

void gs_process_reap(pid_t keep, pid_t keep_too)
{
    GArray *all = read_all();

    for (guint i = 0; i < all->len; i++) {
        const struct process *p = &g_array_index(all, struct process, i);

        if (p->parent == getpid() && p->zombie && p->pid != keep && p->pid != keep_too)
            waitpid(p->pid, NULL, WNOHANG);
    }
    g_array_unref(all);
}

void gs_process_kill(const GArray *pids, int sig)
{
    for (guint i = 0; i < pids->len; i++)
        kill(g_array_index(pids, pid_t, i), sig);
}
