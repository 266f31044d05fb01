/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The order of those that wait, and who of them may start. */
#include "host/scheduler_internal.h"

/* By virtual time alone, and by more than so much of that. */
static bool behind(const struct gs_sched_session *a, const struct gs_sched_session *b, double by)
{
    if (a->queue != b->queue)
        return a->queue->v + by / a->queue->weight < b->queue->v;
    return a->v + by / a->weight < b->v;
}

static bool before(const struct gs_sched_session *a, const struct gs_sched_session *b)
{
    if (a->all->params.policy == GS_SCHED_BEST_EFFORT)
        return a->want_at < b->want_at;
    if (behind(a, b, 0) || behind(b, a, 0))
        return behind(a, b, 0);
    /* Who takes less is in nobody's way for long. */
    if (a->cost < b->cost || a->cost > b->cost)
        return a->cost < b->cost;
    return a->want_at < b->want_at;
}

/* Frames that are long for a share come seldom by right: granted every GS_SCHED_STARVED, they would
 * get a multiple of it. Who was taken to task can wait. */
uint64_t gs_sched_starves_at(const struct gs_sched_session *x)
{
    double wait = x->policed ? GS_SCHED_STARVED_HELD : GS_SCHED_STARVED;

    if (!x->policed && gs_sched_fair(x->all) && x->entitled > 0)
        wait =
            GS_CLAMP(gs_sched_estimate(x) / x->entitled, GS_SCHED_STARVED, GS_SCHED_STARVED_MOST);
    return x->wait_from + (uint64_t)wait;
}

static struct gs_sched_session *first_starved(struct gs_sched_dev *d, uint64_t now)
{
    struct gs_sched_session *first = NULL;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (gs_sched_waits(x) && now >= gs_sched_starves_at(x) &&
            (!first || x->wait_from < first->wait_from))
            first = x;
    }
    return first;
}

static struct gs_sched_session *first_urgent(struct gs_sched_dev *d, uint64_t now)
{
    struct gs_sched_session *first = NULL;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (gs_sched_waits(x) && gs_sched_floor_latest(x, now) <= now &&
            (!first || x->deadline < first->deadline))
            first = x;
    }
    return first;
}

static struct gs_sched_session *first_in_order(struct gs_sched_dev *d)
{
    struct gs_sched_session *first = NULL;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (gs_sched_waits(x) && (!first || before(x, first)))
            first = x;
    }
    return first;
}

/* One that is at work, or comes back at once, is to be served before it again. Who would be next
 * after one frame of that may as well begin beside it: engines of which there are several would
 * idle else, as no frame fills all of them from its beginning to its end. What is used is charged
 * all the same, so that this does not add up. */
static bool is_ahead(const struct gs_sched_session *x, uint64_t now)
{
    if (x->all->params.policy == GS_SCHED_BEST_EFFORT)
        return false;
    for (struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        double tolerated = y->dev->engines > 1 ? gs_sched_estimate(y) : 0;

        if (y != x && (gs_sched_in_flight(y) || now < y->back_by) && behind(y, x, tolerated))
            return true;
    }
    return false;
}

/* Places that others have. */
static unsigned taken(const struct gs_sched_session *x)
{
    return x->dev->in_flight - (x->going_on && !x->lapsed);
}

/* A second place hides the time that it takes to start the next frame, and what of a frame can't
 * use all engines. It is kept for the moment before the engines run dry, or for a session that uses
 * little, so that nobody waits for two frames. */
static uint64_t place_at(const struct gs_sched_session *x, uint64_t now)
{
    const struct gs_sched_dev *d = x->dev;
    double at = d->dry_at - d->ahead;

    if (taken(x) == 0 || gs_sched_is_light(x, now) || at <= now)
        return now;
    return (uint64_t)at + 1;
}

uint64_t gs_sched_place_due(struct gs_sched_dev *d, uint64_t now)
{
    const struct gs_sched_session *x = first_in_order(d);

    if (!x || taken(x) >= d->depth || is_ahead(x, now))
        return UINT64_MAX;
    return place_at(x, now);
}

struct gs_sched_session *gs_sched_pick(struct gs_sched_dev *d, uint64_t now, bool *ret_fill)
{
    struct gs_sched_session *x = first_starved(d, now);

    *ret_fill = false;
    if (x) {
        x->starved++;
        gs_sched_pull(x, now);
        return x;
    }
    x = first_urgent(d, now);
    if (x && taken(x) < d->depth)
        return x;
    x = first_in_order(d);
    if (!x || taken(x) >= d->depth)
        return NULL;
    if (!is_ahead(x, now))
        return place_at(x, now) <= now ? x : NULL;
    *ret_fill = true;
    return gs_sched_fill_due(d, now) <= now ? x : NULL;
}
