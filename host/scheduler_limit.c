/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What bars a session by itself, whatever others do: its cap, and policies that let it sleep. */
#include <math.h>

#include "host/scheduler_internal.h"

#define BURST (10 * GS_NS_PER_MS) /* of its cap: what waking late may take later */
#define LOOK_AGAIN GS_NS_PER_S
#define SLEEP_MOST (250 * GS_NS_PER_MS)

/* ns of GPU time for each ns; 0: no cap. */
static double cap_rate(const struct gs_sched_session *x)
{
    const struct gs_sched *s = x->all;
    double parts = 1;

    switch (s->params.policy) {
    case GS_SCHED_SHARES:
        return x->set.cap_permille * x->dev->engines / 1000;
    case GS_SCHED_EQUAL:
        parts = x->dev->n;
        break;
    case GS_SCHED_FIXED:
        parts = s->params.fixed_sessions;
        break;
    default:
        break;
    }
    return parts > 1 ? x->dev->engines / parts : 0;
}

bool gs_sched_capped(const struct gs_sched_session *x)
{
    return cap_rate(x) > 0;
}

static void refill(struct gs_sched_session *x, double rate, uint64_t now)
{
    x->tokens = GS_MIN(x->tokens + rate * (now - x->tokens_at), rate * BURST);
    x->tokens_at = now;
}

void gs_sched_cap_use(struct gs_sched_session *x, uint64_t ns, uint64_t now)
{
    double rate = cap_rate(x);

    if (rate <= 0)
        return;
    refill(x, rate, now);
    /* What it took beyond all measure is not held against it for ever. */
    x->tokens = GS_MAX(x->tokens - ns, -rate * GS_NS_PER_S);
}

static uint64_t cap_until(struct gs_sched_session *x, uint64_t now)
{
    double rate = cap_rate(x), owed;

    if (rate <= 0)
        return now;
    refill(x, rate, now);
    /* What a meter has not said yet; not what never comes, of a frame that does not end. */
    owed = (x->flying ? 0 : x->open) - x->tokens;
    return owed <= 0 ? now : now + (uint64_t)GS_MIN(ceil(owed / rate), LOOK_AGAIN) + 1;
}

/* The pause that is to make each frame last 1/limit_fps, by how long the ones before took. */
static uint64_t sleep_until(const struct gs_sched_session *x, uint64_t now)
{
    double pause = (double)GS_NS_PER_S / x->all->params.limit_fps - x->wall;

    if (x->finished_at == 0 || pause <= 0)
        return now;
    return GS_MAX(now, x->finished_at + (uint64_t)GS_MIN(pause, SLEEP_MOST));
}

uint64_t gs_sched_barred_until(struct gs_sched_session *x, uint64_t now)
{
    if (x->flying && now < x->lease_end)
        return x->lease_end;
    if (x->all->params.policy == GS_SCHED_SLEEP)
        return sleep_until(x, now);
    return cap_until(x, now);
}
