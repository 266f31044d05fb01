/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Frames that were drawn too late, and whose frame was in their way the longest. */
#include <string.h>

#include "host/scheduler_internal.h"

static uint64_t overlap(uint64_t start, uint64_t end, uint64_t from, uint64_t to)
{
    start = GS_MAX(start, from);
    end = GS_MIN(end, to);
    return end > start ? end - start : 0;
}

/* The longest that one frame of y was at work between the two. */
static uint64_t in_the_way(const struct gs_sched_session *y, uint64_t from, uint64_t to)
{
    uint64_t longest = y->flying ? overlap(y->start_at, to, from, to) : 0;

    for (unsigned i = 0; i < GS_SCHED_FLIGHTS; i++) {
        uint64_t ns = overlap(y->flights[i].start, y->flights[i].end, from, to);

        longest = GS_MAX(longest, ns);
    }
    return longest;
}

static const char *culprit(const struct gs_sched_session *x)
{
    const char *name = x->name;
    uint64_t longest = 0;

    if (!x->waited)
        return name;
    for (const struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        uint64_t ns = y != x ? in_the_way(y, x->asked_at, x->start_at) : 0;

        if (ns > longest) {
            longest = ns;
            name = y->name;
        }
    }
    return name;
}

/* There is no room for everybody: the one with the fewest makes way, and its count is inherited,
 * so that whoever has many is in the list (Metwally, Agrawal, El Abbadi: ICDT 2005). */
static void count(struct gs_sched_session *x, const char *name)
{
    unsigned i = 0;

    while (i < x->n_culprits && strcmp(x->culprits[i].name, name) != 0)
        i++;
    if (i == GS_SCHED_CULPRITS_MAX)
        i--;
    else if (i == x->n_culprits)
        x->culprits[x->n_culprits++].misses = 0;
    memmove(x->culprits[i].name, name, strlen(name) + 1);
    x->culprits[i].misses++;
    for (; i > 0 && x->culprits[i].misses > x->culprits[i - 1].misses; i--) {
        struct gs_sched_culprit c = x->culprits[i];

        x->culprits[i] = x->culprits[i - 1];
        x->culprits[i - 1] = c;
    }
}

static void remember(struct gs_sched_session *x, uint64_t now)
{
    x->flights[x->next_flight] = (struct gs_sched_flight){x->start_at, now};
    x->next_flight = (x->next_flight + 1) % GS_SCHED_FLIGHTS;
}

void gs_sched_blame(struct gs_sched_session *x, uint64_t now)
{
    uint32_t fps = x->floor ? x->floor : x->set.fps;

    remember(x, now);
    if (fps == 0 || now - x->asked_at <= GS_NS_PER_S / fps)
        return;
    x->misses++;
    count(x, culprit(x));
}
