/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/clock_sync.h"

#include <errno.h>
#include <string.h>

#include "common/clock.h"

#define QUICK_PINGS 5
#define QUICK_INTERVAL (20 * GS_NS_PER_MS)
#define INTERVAL GS_NS_PER_S
#define IDLE_INTERVAL (10 * GS_NS_PER_S)
#define SETTLED_SAMPLES 3

void gs_clock_sync_init(struct gs_clock_sync *cs)
{
    memset(cs, 0, sizeof(*cs));
}

static bool use_held(const struct gs_clock_sync *cs)
{
    return cs->held && !gs_clock_sync_settled(cs);
}

void gs_clock_sync_renew(struct gs_clock_sync *cs)
{
    if (gs_clock_sync_settled(cs)) {
        cs->held = true;
        cs->held_rtt = cs->sample[cs->best].rtt;
        cs->held_offset = cs->sample[cs->best].offset;
    }
    cs->n = cs->next = 0;
}

static void find_best(struct gs_clock_sync *cs)
{
    cs->best = 0;
    for (unsigned i = 1; i < cs->n; i++) {
        if (cs->sample[i].rtt < cs->sample[cs->best].rtt)
            cs->best = i;
    }
}

int gs_clock_sync_add(struct gs_clock_sync *cs, uint64_t t0, uint64_t t1, uint64_t t2, uint64_t t3)
{
    /* Bounds that keep the sums below inside 64 bits, whatever the host says. */
    const uint64_t most = INT64_MAX / 4;

    if (t0 > most || t1 > most || t2 > most || t3 > most)
        return -EBADMSG;
    if (t3 < t0 || t2 < t1 || t2 - t1 > t3 - t0)
        return -EBADMSG;
    cs->sample[cs->next].rtt = (t3 - t0) - (t2 - t1);
    cs->sample[cs->next].offset = (((int64_t)t1 - (int64_t)t0) + ((int64_t)t2 - (int64_t)t3)) / 2;
    cs->next = (cs->next + 1) % GS_CLOCK_SAMPLES;
    cs->n = GS_MIN(cs->n + 1, GS_CLOCK_SAMPLES);
    find_best(cs);
    return 0;
}

bool gs_clock_sync_ready(const struct gs_clock_sync *cs)
{
    return cs->n > 0 || cs->held;
}

int64_t gs_clock_sync_offset(const struct gs_clock_sync *cs)
{
    if (use_held(cs))
        return cs->held_offset;
    return cs->n ? cs->sample[cs->best].offset : 0;
}

uint64_t gs_clock_sync_rtt(const struct gs_clock_sync *cs)
{
    if (use_held(cs))
        return cs->held_rtt;
    return cs->n ? cs->sample[cs->best].rtt : 0;
}

bool gs_clock_sync_settled(const struct gs_clock_sync *cs)
{
    return cs->n >= SETTLED_SAMPLES;
}

uint64_t gs_clock_sync_interval(unsigned sent, bool idle)
{
    if (sent + 1 < QUICK_PINGS)
        return QUICK_INTERVAL;
    return idle ? IDLE_INTERVAL : INTERVAL;
}
