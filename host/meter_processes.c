/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/meter_processes.h"

#include <dirent.h>
#include <glib.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/meter_internal.h"
#include "host/process_stat.h"

#define GROUPS_DEEP 8
/* User and system time are rounded down by themselves. */
#define ROUNDED 2

struct gs_meter_processes {
    char *proc; /* folder */
    pid_t keeper;
    char **groups;
    GPtrArray *all;                /* struct gs_meter_process, owned */
    GHashTable *by_pid;            /* the same, borrowed */
    GArray *walk;                  /* pid_t: those of this look, each once */
    GHashTable *walked;            /* the same */
    struct gs_meter_process above; /* the keeper, which is none of them */
    uint64_t tick_ns, created;     /* ticks, as a start time */
    bool looked;                   /* at least once */
};

struct gs_meter_processes *gs_meter_processes_create(const struct gs_meter_params *params)
{
    struct gs_meter_processes *ps = g_new0(struct gs_meter_processes, 1);

    ps->proc = g_build_filename(params->root, "proc", NULL);
    ps->keeper = params->keeper;
    ps->groups = g_strsplit(params->cgroups, ":", -1);
    ps->all = g_ptr_array_new_with_free_func(g_free);
    ps->by_pid = g_hash_table_new(NULL, NULL);
    ps->walk = g_array_new(FALSE, FALSE, sizeof(pid_t));
    ps->walked = g_hash_table_new(NULL, NULL);
    ps->tick_ns = GS_NS_PER_S / (uint64_t)sysconf(_SC_CLK_TCK);
    ps->created = gs_clock_ns(CLOCK_BOOTTIME) / ps->tick_ns;
    return ps;
}

void gs_meter_processes_destroy(struct gs_meter_processes *ps)
{
    if (!ps)
        return;
    g_hash_table_unref(ps->walked);
    g_array_unref(ps->walk);
    g_hash_table_unref(ps->by_pid);
    g_ptr_array_unref(ps->all);
    g_strfreev(ps->groups);
    g_free(ps->proc);
    g_free(ps);
}

/* ---- who there is ---- */

static void walk_to(struct gs_meter_processes *ps, pid_t pid)
{
    if (pid <= 0 || ps->walk->len >= GS_METER_PROCESSES_MOST)
        return;
    if (g_hash_table_add(ps->walked, GINT_TO_POINTER(pid)))
        g_array_append_val(ps->walk, pid);
}

/* Ids with white space between. */
static void walk_to_each(struct gs_meter_processes *ps, const char *text)
{
    char *end;
    long pid;

    while ((pid = strtol(text, &end, 10)) > 0 && pid <= G_MAXINT) {
        walk_to(ps, (pid_t)pid);
        text = end;
    }
}

/* A process belongs to the thread that forked it. */
static void walk_to_children(struct gs_meter_processes *ps, pid_t pid)
{
    g_autofree char *tasks = g_strdup_printf("%s/%d/task", ps->proc, (int)pid);
    const struct dirent *entry;
    DIR *dir = opendir(tasks);

    while (dir && (entry = readdir(dir))) {
        char path[PATH_MAX], text[4096];

        if (entry->d_name[0] == '.')
            continue;
        snprintf(path, sizeof(path), "%s/%s/children", tasks, entry->d_name);
        if (gs_meter_read_file(path, text, sizeof(text)) > 0)
            walk_to_each(ps, text);
    }
    if (dir)
        closedir(dir);
}

static void walk_to_group(struct gs_meter_processes *ps, const char *folder, unsigned depth)
{
    g_autofree char *procs = g_build_filename(folder, "cgroup.procs", NULL);
    g_autofree char *text = NULL;
    const struct dirent *entry;
    DIR *dir;

    if (depth > GROUPS_DEEP || !g_file_get_contents(procs, &text, NULL, NULL))
        return;
    walk_to_each(ps, text);
    dir = opendir(folder);
    while (dir && (entry = readdir(dir))) {
        g_autofree char *below = NULL;

        if (entry->d_type != DT_DIR || entry->d_name[0] == '.')
            continue;
        below = g_build_filename(folder, entry->d_name, NULL);
        walk_to_group(ps, below, depth + 1);
    }
    if (dir)
        closedir(dir);
}

/* They all hold the same processes: the first that has any. */
static bool walk_to_groups(struct gs_meter_processes *ps)
{
    for (char **group = ps->groups; *group && ps->walk->len == 0; group++) {
        if (**group)
            walk_to_group(ps, *group, 0);
    }
    return ps->walk->len > 0;
}

/* ---- what is known of them ---- */

static bool ask(const struct gs_meter_processes *ps, pid_t pid, struct gs_process_stat *ret)
{
    char path[PATH_MAX], text[1024];

    snprintf(path, sizeof(path), "%s/%d/stat", ps->proc, (int)pid);
    return gs_meter_read_file(path, text, sizeof(text)) > 0 &&
           gs_process_stat_parse(text, ret) == 0;
}

static void begin(const struct gs_meter_processes *ps, struct gs_meter_process *p, pid_t pid,
                  const struct gs_process_stat *stat)
{
    *p = (struct gs_meter_process){.pid = pid, .start_time = stat->start_time};
    p->is_new = ps->looked && stat->start_time >= ps->created;
    p->reaped_base = p->is_new || !stat->reaped ? 0 : (stat->reaped + ROUNDED) * ps->tick_ns;
}

static void update(const struct gs_meter_processes *ps, struct gs_meter_process *p,
                   const struct gs_process_stat *stat)
{
    uint64_t reaped = stat->reaped * ps->tick_ns;

    p->alive = true;
    p->reaped = reaped > p->reaped_base ? reaped - p->reaped_base : 0;
}

static void forget(struct gs_meter_processes *ps, struct gs_meter_process *p,
                   const struct gs_meter_processes_listener *listener, void *user)
{
    listener->went(user, p);
    g_hash_table_remove(ps->by_pid, GINT_TO_POINTER(p->pid));
    g_ptr_array_remove_fast(ps->all, p);
}

/* It is there: an old one, another one with an old one's id, or a new one. */
static void note(struct gs_meter_processes *ps, pid_t pid, const struct gs_process_stat *stat,
                 const struct gs_meter_processes_listener *listener, void *user)
{
    struct gs_meter_process *p = g_hash_table_lookup(ps->by_pid, GINT_TO_POINTER(pid));

    if (p && p->start_time == stat->start_time) {
        update(ps, p, stat);
        return;
    }
    if (p)
        forget(ps, p, listener, user);
    p = g_new(struct gs_meter_process, 1);
    begin(ps, p, pid, stat);
    update(ps, p, stat);
    g_ptr_array_add(ps->all, p);
    g_hash_table_insert(ps->by_pid, GINT_TO_POINTER(pid), p);
    listener->came(user, p);
}

/* ---- one look ---- */

static void look_at_keeper(struct gs_meter_processes *ps)
{
    struct gs_process_stat stat;

    if (ps->keeper <= 0 || !ask(ps, ps->keeper, &stat))
        return;
    if (!ps->above.pid)
        begin(ps, &ps->above, ps->keeper, &stat);
    if (ps->above.start_time != stat.start_time)
        return; /* somebody else by now */
    update(ps, &ps->above, &stat);
    walk_to_children(ps, ps->keeper);
}

/* Of those found already: who still lives, and has children. */
static void walk_to_known(struct gs_meter_processes *ps)
{
    for (unsigned i = 0; i < ps->all->len; i++) {
        struct gs_meter_process *p = ps->all->pdata[i];
        struct gs_process_stat stat;

        p->alive = false;
        if (ask(ps, p->pid, &stat) && stat.start_time == p->start_time)
            walk_to(ps, p->pid);
    }
}

static void collect(struct gs_meter_processes *ps)
{
    g_array_set_size(ps->walk, 0);
    g_hash_table_remove_all(ps->walked);
    if (ps->keeper > 0)
        g_hash_table_add(ps->walked, GINT_TO_POINTER(ps->keeper));
    if (walk_to_groups(ps)) {
        for (unsigned i = 0; i < ps->all->len; i++)
            gs_meter_processes_at(ps, i)->alive = false;
        return;
    }
    walk_to_known(ps);
    look_at_keeper(ps);
    for (unsigned i = 0; i < ps->walk->len; i++)
        walk_to_children(ps, g_array_index(ps->walk, pid_t, i));
}

void gs_meter_processes_look(struct gs_meter_processes *ps,
                             const struct gs_meter_processes_listener *listener, void *user)
{
    collect(ps);
    for (unsigned i = 0; i < ps->walk->len; i++) {
        pid_t pid = g_array_index(ps->walk, pid_t, i);
        struct gs_process_stat stat;

        if (ask(ps, pid, &stat))
            note(ps, pid, &stat, listener, user);
    }
    for (unsigned i = ps->all->len; i-- > 0;) {
        struct gs_meter_process *p = ps->all->pdata[i];

        if (!p->alive)
            forget(ps, p, listener, user);
    }
    ps->looked = true;
}

/* ---- what it found ---- */

unsigned gs_meter_processes_count(const struct gs_meter_processes *ps)
{
    return ps->all->len;
}

struct gs_meter_process *gs_meter_processes_at(const struct gs_meter_processes *ps, unsigned i)
{
    return ps->all->pdata[i];
}

struct gs_meter_process *gs_meter_processes_find(const struct gs_meter_processes *ps, pid_t pid)
{
    return g_hash_table_lookup(ps->by_pid, GINT_TO_POINTER(pid));
}

uint64_t gs_meter_processes_reaped(const struct gs_meter_processes *ps)
{
    uint64_t sum = ps->above.reaped;

    for (unsigned i = 0; i < ps->all->len; i++)
        sum += gs_meter_processes_at(ps, i)->reaped;
    return sum;
}
