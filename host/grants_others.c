/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of the processors others than sessions use: where software renders, that is no more to
 * be had than what sessions use. From the time that all processors idled (proc(5), the second
 * figure of /proc/uptime). That moves in steps of 10 ms, so it is looked at over a while, and told
 * evenly.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "host/grants_internal.h"

#define WINDOW_NS (100 * GS_NS_PER_MS)
#define GAP_NS GS_NS_PER_S /* after that it begins anew */

void gs_grants_others_init(struct gs_grants *g)
{
    g_autofree char *path = g_build_filename(g->root, "proc/uptime", NULL);
    long n = sysconf(_SC_NPROCESSORS_ONLN);

    g->others.fd = open(path, O_RDONLY | O_CLOEXEC);
    g->others.processors = (unsigned)MAX(n, 1);
}

void gs_grants_others_finish(struct gs_grants *g)
{
    if (g->others.fd >= 0)
        close(g->others.fd);
}

/* Of all processors together, since the machine started; -1: not known. */
static double read_idle_ns(int fd)
{
    char text[64];
    ssize_t n = fd >= 0 ? pread(fd, text, sizeof(text) - 1, 0) : -1;
    double idle;

    text[MAX(n, 0)] = 0;
    return sscanf(text, "%*s %lf", &idle) == 1 ? idle * (double)GS_NS_PER_S : -1;
}

/* A part of the processors that may be used, where these are not all. */
static double rate_of(const struct gs_grants *g, double idle, double passed)
{
    const struct gs_grants_others *o = &g->others;
    double used = (double)(g->used_ns[0] - o->used);
    double others = passed * o->processors - (idle - o->idle) - used;

    return MAX(others, 0) / passed * g->params.device[0].engines / MAX(o->processors, 1);
}

void gs_grants_others_tick(struct gs_grants *g, uint64_t now)
{
    struct gs_grants_others *o = &g->others;
    bool anew = !o->at || now - o->told_at > GAP_NS;

    if (!anew && o->rate > 0)
        gs_sched_charge_others(g->sched, 0, (uint64_t)(o->rate * (double)(now - o->told_at)), now);
    o->told_at = now;
    if (anew || now - o->at >= WINDOW_NS) {
        double idle = read_idle_ns(o->fd);

        o->rate = anew || idle < 0 || o->idle < 0 ? 0 : rate_of(g, idle, (double)(now - o->at));
        o->at = now;
        o->idle = idle;
        o->used = g->used_ns[0];
    }
}
