/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Processor time, where software renders. Of a control group: cpuacct.usage (version 1), usage_usec
 * in cpu.stat (version 2). Without one the processor clocks of its processes (clock_getcpuclockid),
 * and what those that nobody saw left with their parents.
 *
 * The kernel adds the time of a thread up when it stops running and on each tick: on all of these
 * ways a thread that runs at this moment is behind by one tick at most (4 ms with CONFIG_HZ=250),
 * and nothing is behind once its threads sleep, as they do when a frame is drawn.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "common/clock.h"
#include "host/meter_internal.h"
#include "host/meter_processes.h"

struct cpu {
    struct gs_meter base;
    char *file;             /* of the control group; NULL: by processes */
    bool v2;                /* what is in it */
    int fd;                 /* -1: the group is gone */
    uint64_t before, since; /* used before this group was; what it said at first */
    struct gs_meter_processes *processes;
    uint64_t ended;  /* used by processes that are gone */
    uint64_t older;  /* used by those before they were found, with their children */
    uint64_t unseen; /* by those that were never found */
    uint64_t used;   /* said last */
};

/* ---- by control group ---- */

static bool read_group(const struct cpu *c, uint64_t *ret)
{
    char text[1024];
    const char *at = text;

    if (c->fd < 0 || gs_meter_read_fd(c->fd, text, sizeof(text)) <= 0)
        return false;
    if (c->v2) {
        at = strstr(text, "usage_usec ");
        at = at ? at + strlen("usage_usec ") : "";
    }
    if (!g_ascii_isdigit(*at))
        return false;
    *ret = strtoull(at, NULL, 10) * (c->v2 ? GS_NS_PER_US : 1);
    return true;
}

static bool try_file(struct cpu *c, const char *folder, const char *name, bool v2)
{
    c->file = g_build_filename(folder, name, NULL);
    c->fd = open(c->file, O_RDONLY | O_CLOEXEC);
    c->v2 = v2;
    if (read_group(c, &c->since))
        return true;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
    g_clear_pointer(&c->file, g_free);
    return false;
}

static bool open_group(struct cpu *c, const char *cgroups)
{
    g_auto(GStrv) folders = g_strsplit(cgroups, ":", -1);

    for (char **folder = folders; *folder; folder++) {
        if (**folder && (try_file(c, *folder, "cpuacct.usage", false) ||
                         try_file(c, *folder, "cpu.stat", true)))
            return true;
    }
    return false;
}

/* The session's worker was started again, in a new group of that name, which counts from 0. */
static void reopen_group(struct cpu *c)
{
    uint64_t used;

    if (read_group(c, &used))
        return;
    if (c->fd >= 0)
        close(c->fd);
    c->fd = open(c->file, O_RDONLY | O_CLOEXEC);
    c->before = c->used;
    c->since = 0;
}

static uint64_t used_by_group(const struct cpu *c)
{
    uint64_t now;

    if (!read_group(c, &now) || now < c->since)
        return 0;
    return c->before + now - c->since;
}

/* ---- by processes ---- */

static uint64_t clock_of(pid_t pid)
{
    struct timespec t;
    clockid_t clock;

    if (clock_getcpuclockid(pid, &clock) != 0 || clock_gettime(clock, &t) < 0)
        return 0;
    return (uint64_t)t.tv_sec * GS_NS_PER_S + (uint64_t)t.tv_nsec;
}

static void process_came(void *user, struct gs_meter_process *p)
{
    (void)user;
    p->base = p->is_new ? 0 : clock_of(p->pid);
}

static void process_went(void *user, struct gs_meter_process *p)
{
    struct cpu *c = user;

    c->ended += p->used;
    c->older += p->base + p->reaped_base;
}

static const struct gs_meter_processes_listener listener = {process_came, process_went};

/* One that has just ended is said to have used nothing: what it had used last remains. */
static uint64_t used_alive(const struct cpu *c)
{
    uint64_t sum = 0;

    for (unsigned i = 0; i < gs_meter_processes_count(c->processes); i++) {
        struct gs_meter_process *p = gs_meter_processes_at(c->processes, i);
        uint64_t clock = clock_of(p->pid);

        if (clock > p->base)
            p->used = GS_MAX(p->used, clock - p->base);
        sum += p->used;
    }
    return sum;
}

/* Those that came and went between two looks are in what their parents have reaped, as are those
 * that were found. Both sums are too small at times, never too large. */
static void find_unseen(struct cpu *c)
{
    uint64_t reaped = gs_meter_processes_reaped(c->processes);
    uint64_t known = c->ended + c->older;

    if (reaped > known)
        c->unseen = GS_MAX(c->unseen, reaped - known);
}

/* ---- both ---- */

static void cpu_close(struct gs_meter *m)
{
    struct cpu *c = (struct cpu *)m;

    gs_meter_processes_destroy(c->processes);
    if (c->fd >= 0)
        close(c->fd);
    g_free(c->file);
    g_free(c);
}

static int cpu_open(const struct gs_meter_params *p, struct gs_meter **ret, char *why,
                    size_t why_size)
{
    struct cpu *c;

    if (*p->gpu) {
        snprintf(why, why_size, "a GPU renders");
        return -ENOTSUP;
    }
    c = g_new0(struct cpu, 1);
    c->fd = -1;
    if (!open_group(c, p->cgroups)) {
        if (strcmp(p->root, "/") != 0 || p->keeper <= 0) {
            snprintf(why, why_size, "no control group, and no processes");
            cpu_close(&c->base);
            return -ENOTSUP;
        }
        c->processes = gs_meter_processes_create(p);
        gs_meter_processes_look(c->processes, &listener, c);
    }
    g_snprintf(c->base.how, sizeof(c->base.how), "processor time of its %s",
               c->file ? "control group" : "processes");
    *ret = &c->base;
    return 0;
}

static uint64_t cpu_read(struct gs_meter *m, uint64_t now)
{
    struct cpu *c = (struct cpu *)m;
    uint64_t used = c->file ? used_by_group(c) : used_alive(c) + c->ended + c->unseen;

    (void)now;
    c->used = GS_MAX(c->used, used);
    return c->used;
}

static void cpu_look_around(struct gs_meter *m, uint64_t now)
{
    struct cpu *c = (struct cpu *)m;

    (void)now;
    if (c->file) {
        reopen_group(c);
        return;
    }
    used_alive(c); /* as much as can be known of those that are about to be forgotten */
    gs_meter_processes_look(c->processes, &listener, c);
    find_unseen(c);
}

const struct gs_meter_impl gs_meter_cpu = {
    .name = "cpu",
    .open = cpu_open,
    .read = cpu_read,
    .look_around = cpu_look_around,
    .close = cpu_close,
};
