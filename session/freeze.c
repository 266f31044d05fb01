/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/freeze.h"

#include <errno.h>
#include <glib.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/pidfd.h>
#include <sys/types.h>
#include <unistd.h>

#include "common/freezer.h"
#include "common/log.h"
#include "session/desktop/process.h"

/* A process that forks all the time is caught in one of these rounds. */
#define ROUNDS 100

/* Outside of the group. */
struct process {
    pid_t pid;
    int fd; /* of it, and no other that gets its number */
    bool stopped;
};

struct gs_freeze {
    char *groups;
    unsigned reasons; /* enum gs_freeze_reason */

    struct gs_freezer freezer; /* not open: none was found */
    char *folder;              /* of that */
    GArray *outside;           /* struct process, parents first */
    uint64_t looked;           /* for both; 0: never */
};

/* ---- control groups ---- */

static void open_freezer(struct gs_freeze *f, const char *folder)
{
    int err = gs_freezer_open(&f->freezer, folder);

    if (err && err != -ENOENT)
        gs_debug("the freezer of %s: %s", folder, g_strerror(-err));
    if (err)
        return;
    g_free(f->folder);
    f->folder = g_strdup(folder);
}

static void find_freezer(struct gs_freeze *f)
{
    g_auto(GStrv) folders = g_strsplit(f->groups, ":", -1);

    for (char **folder = folders; *folder && f->freezer.fd < 0; folder++)
        if (**folder)
            open_freezer(f, *folder);
}

static void switch_group(struct gs_freeze *f, bool still)
{
    int err;

    if (f->freezer.fd < 0)
        return;
    err = gs_freezer_set(&f->freezer, still);
    if (!err)
        return;
    if (!still)
        gs_error("the application stays frozen in %s: %s", f->folder, g_strerror(-err));
    /* Its processes are found outside of it then. */
    gs_freezer_close(&f->freezer);
    f->looked = 0;
}

/* Those that are in the group itself; its freezer holds the groups below it, too. */
static GHashTable *members(const struct gs_freeze *f)
{
    GHashTable *ret = g_hash_table_new(NULL, NULL);
    g_autofree char *list = NULL, *text = NULL;
    char *at, *end;
    long pid;

    if (f->freezer.fd < 0)
        return ret;
    list = g_build_filename(f->folder, "cgroup.procs", NULL);
    if (!g_file_get_contents(list, &text, NULL, NULL))
        return ret;
    for (at = text; (pid = strtol(at, &end, 10)) > 0; at = end)
        g_hash_table_add(ret, GINT_TO_POINTER((int)pid));
    return ret;
}

/* ---- those outside ---- */

static bool has_pid(const GArray *pids, pid_t pid)
{
    for (guint i = 0; i < pids->len; i++)
        if (g_array_index(pids, pid_t, i) == pid)
            return true;
    return false;
}

static bool is_known(const struct gs_freeze *f, pid_t pid)
{
    for (guint i = 0; i < f->outside->len; i++)
        if (g_array_index(f->outside, struct process, i).pid == pid)
            return true;
    return false;
}

/* Those that ended, or went into the group. */
static void forget_gone(struct gs_freeze *f, const GArray *pids, GHashTable *inside)
{
    for (guint i = f->outside->len; i-- > 0;) {
        const struct process *p = &g_array_index(f->outside, struct process, i);

        if (has_pid(pids, p->pid) && !g_hash_table_contains(inside, GINT_TO_POINTER(p->pid)))
            continue;
        if (p->stopped)
            pidfd_send_signal(p->fd, SIGCONT, NULL, 0);
        close(p->fd);
        g_array_remove_index(f->outside, i);
    }
}

/* How many were not known. */
static unsigned look_around(struct gs_freeze *f)
{
    g_autoptr(GArray) pids = gs_process_descendants(0, false);
    g_autoptr(GHashTable) inside = NULL;
    unsigned more = 0;

    find_freezer(f);
    inside = members(f);
    forget_gone(f, pids, inside);
    for (guint i = 0; i < pids->len; i++) {
        struct process p = {.pid = g_array_index(pids, pid_t, i), .fd = -1};

        if (g_hash_table_contains(inside, GINT_TO_POINTER(p.pid)) || is_known(f, p.pid))
            continue;
        p.fd = pidfd_open(p.pid, 0);
        if (p.fd < 0)
            continue; /* it has just ended */
        g_array_append_val(f->outside, p);
        more++;
    }
    f->looked = gs_now_ns();
    return more;
}

static void stop_outside(struct gs_freeze *f)
{
    for (guint i = 0; i < f->outside->len; i++) {
        struct process *p = &g_array_index(f->outside, struct process, i);

        if (!p->stopped)
            p->stopped = pidfd_send_signal(p->fd, SIGSTOP, NULL, 0) == 0;
    }
}

/* Children first: a shell that goes on then finds none of them stopped. */
static void continue_outside(struct gs_freeze *f)
{
    for (guint i = f->outside->len; i-- > 0;) {
        struct process *p = &g_array_index(f->outside, struct process, i);

        if (p->stopped)
            pidfd_send_signal(p->fd, SIGCONT, NULL, 0);
        p->stopped = false;
    }
}

/* ---- both ---- */

static void stand_still(struct gs_freeze *f, bool all)
{
    if (f->looked == 0 || gs_now_ns() - f->looked >= GS_FREEZE_LOOK)
        look_around(f);
    switch_group(f, true);
    stop_outside(f);
    for (unsigned i = 0; all && i < ROUNDS && look_around(f); i++)
        stop_outside(f);
}

static void go_on(struct gs_freeze *f)
{
    continue_outside(f);
    switch_group(f, false);
}

void gs_freeze_set(struct gs_freeze *f, enum gs_freeze_reason reason, bool on)
{
    unsigned before = f->reasons;

    f->reasons = on ? before | reason : before & ~(unsigned)reason;
    if (f->reasons == before)
        return;
    if (on)
        stand_still(f, reason == GS_FREEZE_UNWATCHED);
    else if (!f->reasons)
        go_on(f);
}

bool gs_freeze_is(const struct gs_freeze *f, enum gs_freeze_reason reason)
{
    return f->reasons & reason;
}

struct gs_freeze *gs_freeze_create(const char *groups)
{
    struct gs_freeze *f = g_new0(struct gs_freeze, 1);

    f->groups = g_strdup(groups);
    f->freezer.fd = -1;
    f->outside = g_array_new(FALSE, FALSE, sizeof(struct process));
    return f;
}

void gs_freeze_destroy(struct gs_freeze *f)
{
    if (!f)
        return;
    if (f->reasons)
        go_on(f);
    for (guint i = 0; i < f->outside->len; i++)
        close(g_array_index(f->outside, struct process, i).fd);
    g_array_unref(f->outside);
    gs_freezer_close(&f->freezer);
    g_free(f->folder);
    g_free(f->groups);
    g_free(f);
}
