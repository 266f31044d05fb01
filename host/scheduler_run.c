/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One round over a device: what time did, who starts, what sessions are told, and until when. */
#include "host/scheduler_internal.h"

#define LEASE_FIRST (50 * GS_NS_PER_MS)
#define LEASE_LEAST (10 * GS_NS_PER_MS)
#define LEASE_MOST (500 * GS_NS_PER_MS)
#define BACK_MOST (3 * GS_NS_PER_MS)  /* nobody is waited for any longer */
#define FREE_SEEN (20 * GS_NS_PER_MS) /* until then a worker may not know that it is not free */
#define BUSY 0.85
#define IDLE_SEEN (3 * GS_NS_PER_MS)  /* a frame of which nothing is measured so long, */
#define IDLE_LEAST (GS_NS_PER_MS / 2) /* or hardly anything: what a worker uses itself, */
#define RESTS 0.6                     /* of frames */
#define IDLE_PART 0.05                /* is none */
#define GOING_LEAST 0.25              /* of a frame is still to be measured, */
#define GOING_LEFT 0.1                /* and not much of it any more */
#define GOING_REST (600 * GS_NS_PER_US)

/* ---- frames begin and end ---- */

static uint64_t lease(const struct gs_sched_session *x)
{
    if (x->frames < 3 || x->wall <= 0)
        return LEASE_FIRST;
    return GS_CLAMP((uint64_t)(2 * x->wall) + 5 * GS_NS_PER_MS, LEASE_LEAST, LEASE_MOST);
}

static void note_wait(struct gs_sched_session *x, uint64_t now)
{
    x->waited = x->was_blocked;
    if (!x->waited)
        return;

    uint64_t ns = now - x->wait_from;
    /* What it would have used in that time. */
    double asked = x->wall > 0 ? GS_MIN(x->cost / x->wall, x->dev->engines) * ns : 0;

    x->waits++;
    x->waited_ns += ns;
    gs_sched_rate_add(&x->waiting, (uint64_t)asked, now);
}

/* It is drawn, and not at work any more. */
void gs_sched_over(struct gs_sched_session *x, uint64_t now)
{
    gs_sched_span_end(x, now);
    gs_sched_fill_end(x, now);
    gs_sched_lapse(x);
    x->going_on = false;
    for (struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        if (y->start_at >= x->start_at)
            y->clear_at = now;
    }
    if (!x->wanting && x->think < BACK_MOST)
        x->back_by = now + (uint64_t)(x->think * 3 / 2) + GS_NS_PER_MS / 4;
    gs_sched_cover_end(x, now);
}

void gs_sched_begin(struct gs_sched_session *x, bool granted, uint64_t now)
{
    if (x->flying) {
        x->lost = true;
        gs_sched_end(x, now);
    }
    if (x->going_on)
        gs_sched_over(x, now);
    x->lost = false;
    note_wait(x, now);
    gs_sched_open(x, gs_sched_estimate(x), now);
    x->flying = true;
    x->lapsed = x->resting = false;
    x->granted = granted;
    x->unasked = !granted && gs_sched_ordered(x->all) && now >= x->free_until;
    x->liberties += x->unasked;
    x->asked_at = x->want_at;
    x->start_at = now;
    x->lease_end = now + lease(x);
    x->back_by = 0;
    x->mixed = x->dev->fills > 0;
    x->frames++;
    x->wanting = false;
    x->dev->in_flight++;
    x->dev->dry_at = GS_MAX(x->dev->dry_at, now) + (uint64_t)(x->open / x->dev->engines);
    x->active_at = now;
    gs_sched_cover_begin(x, now);
    /* Its turn has the place; or it rarely begins to draw when it may. Of processors that is not
     * known: who waits for one uses none either. */
    if (x->policed || (x->dev->engines == 1 && x->rests > RESTS))
        gs_sched_lapse(x);
}

void gs_sched_lapse(struct gs_sched_session *x)
{
    if (x->lapsed)
        return;
    x->lapsed = true;
    x->dev->in_flight--;
}

/* Mesa's software hands a frame over as soon as it may, and draws the next one then: what was
 * granted is at work after it was finished. Of a GPU a fence says when a frame is drawn. */
static bool goes_on(const struct gs_sched_session *x)
{
    return x->dev->engines > 1 && gs_sched_ordered(x->all) && !x->policed && !x->lost &&
           !x->lapsed && x->open > GOING_LEAST * x->expected;
}

void gs_sched_end(struct gs_sched_session *x, uint64_t now)
{
    bool going_on = goes_on(x);

    /* Beside others it is not always seen to rest, so that weighs more. */
    x->rests += x->resting ? (1 - x->rests) / 4 : -x->rests / 32;
    x->flying = x->resting = false;
    x->finished_at = GS_MAX(now, 1);
    gs_sched_blame(x, now);
    if (going_on) {
        x->going_on = true;
        x->over_by = now + lease(x);
        return;
    }
    if (!x->policed && !x->lost)
        gs_sched_note_wall(x, GS_MIN(now - x->start_at, GS_NS_PER_S));
    gs_sched_over(x, now);
}

static bool lately(uint64_t when, uint64_t now)
{
    return when && now - when < GS_SCHED_CALM;
}

/* It could be over then. */
static uint64_t measure_at(const struct gs_sched_session *x)
{
    double left = GS_MAX(x->open - GOING_LEFT * x->expected, 0) / x->dev->engines;

    return GS_MAX(x->finished_at, x->read_at) + GS_MAX((uint64_t)left, GOING_REST);
}

bool gs_sched_to_measure(const struct gs_sched_session *x, uint64_t now)
{
    return x->going_on && lately(x->dev->crowded, now) && now >= measure_at(x);
}

/* ---- what time does ---- */

/* How late the meter is. Of one that rests between its frames a gap tells nothing, so the least of
 * those that use the device counts: they have the same meter. */
static double gap_of(const struct gs_sched_session *x, uint64_t now)
{
    double gap = x->gap;

    for (struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        if (y->gap < gap && gs_sched_rate_get(&y->used, GS_NS_PER_S, now) > GS_NS_PER_S / 20)
            gap = y->gap;
    }
    return gap;
}

/* Frames that began before it may have the engines, and it comes after them. */
static bool is_behind_others(const struct gs_sched_session *x)
{
    unsigned others = 0;

    for (const struct gs_sched_session *y = x->dev->sessions; y; y = y->next)
        others += y != x && gs_sched_in_flight(y) && y->start_at <= x->start_at;
    return others >= x->dev->engines;
}

/* It was let go on and has nothing to draw: nobody is to wait for it. */
static bool idles(const struct gs_sched_session *x, uint64_t now)
{
    double passed = (double)x->read_at - (double)GS_MAX(x->start_at, x->clear_at);

    return passed >= IDLE_SEEN && x->frame_ns < IDLE_LEAST + IDLE_PART * passed &&
           !is_behind_others(x) && passed >= 2 * gap_of(x, now);
}

static void give_place_up(struct gs_sched_session *x, uint64_t now)
{
    gs_sched_fill_end(x, now);
    gs_sched_lapse(x);
}

/* Until what it was taken to cost was used, or it was measured to rest. */
static bool still_goes_on(const struct gs_sched_session *x, uint64_t now)
{
    uint64_t worked_at = GS_MAX(x->finished_at, x->busy_at);

    return now < x->over_by && x->open > GOING_LEFT * x->expected &&
           x->read_at < worked_at + GOING_REST;
}

static void expire(struct gs_sched_dev *d, uint64_t now)
{
    d->active = 0;
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (x->turn && now >= x->turn_end)
            gs_sched_turn_end(x, now);
        if (x->flying && !x->lapsed && now >= x->lease_end) {
            give_place_up(x, now);
            x->lapses++;
        }
        /* Nobody asks for the next before one is handed over. */
        if (x->flying && !x->lapsed && x->wanting && x->open < x->cost / 2)
            give_place_up(x, now);
        if (x->flying && !x->resting && idles(x, now)) {
            gs_sched_span_end(x, now);
            give_place_up(x, now);
            x->resting = true;
        }
        if (x->going_on && !still_goes_on(x, now)) {
            gs_sched_note_wall(x, GS_MIN(now - x->start_at, GS_NS_PER_S));
            gs_sched_over(x, now);
        }
        if (!gs_sched_in_flight(x) && !x->flying && x->open > 0 && gs_sched_is_measured(x, now))
            gs_sched_settle(x, 0);
        x->barred_until = x->wanting || x->policed ? gs_sched_barred_until(x, now) : 0;
        x->barred = x->barred_until > now;
        if (x->barred)
            x->wait_from = now;
        d->active += gs_sched_is_active(x, now);
    }
}

/* ---- who starts ---- */

static void grant(struct gs_sched_session *x, bool fill, uint64_t now)
{
    if (fill)
        gs_sched_pull(x, now);
    gs_sched_begin(x, true, now);
    if (fill)
        gs_sched_fill_begin(x, now);
    x->say_grant = true;
    gs_sched_tell(x);
}

static void start_all(struct gs_sched_dev *d, uint64_t now)
{
    struct gs_sched_session *x;
    bool fill;

    if (!gs_sched_ordered(d->sessions->all)) {
        for (x = d->sessions; x; x = x->next) {
            if (x->wanting && !x->barred)
                grant(x, false, now);
        }
        return;
    }
    while ((x = gs_sched_pick(d, now, &fill))) {
        if (x->policed)
            gs_sched_turn_begin(x, now);
        else
            grant(x, fill, now);
    }
    for (x = d->sessions; x; x = x->next) {
        if (x->turn && x->wanting)
            grant(x, false, now);
    }
}

/* ---- whether anybody is in anybody's way ---- */

/* Who goes on after its frame is measured only where others may be in the way, so it says nothing
 * about whether they are. */
static void look_crowded(struct gs_sched_dev *d, uint64_t now)
{
    unsigned drawing = d->in_flight;
    bool blocked = false;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        x->blocked = gs_sched_waits(x);
        x->was_blocked |= x->blocked && x->wanting;
        blocked |= x->blocked;
        drawing -= x->going_on && !x->lapsed;
    }
    if (d->active >= 2 && (blocked || d->busy >= BUSY))
        d->contended = GS_MAX(now, 1);
    if (d->active >= 2 && (blocked || drawing >= d->depth || d->busy >= BUSY))
        d->crowded = GS_MAX(now, 1);
}

static uint32_t flags_of(const struct gs_sched_session *x, uint64_t now)
{
    const struct gs_sched_dev *d = x->dev;
    bool alone = d->active == gs_sched_is_active(x, now);
    uint32_t flags = 0;

    if (x->all->params.policy == GS_SCHED_SLEEP)
        return 0;
    if (!gs_sched_ordered(x->all))
        return GS_GRANT_FREE;
    if (x->policed)
        flags |= x->turn ? GS_GRANT_FREE : GS_GRANT_HOLD;
    else if (!gs_sched_capped(x) && (alone || !lately(d->crowded, now)))
        flags |= GS_GRANT_FREE;
    if (!alone && lately(d->contended, now))
        flags |= GS_GRANT_CONTENDED;
    return flags;
}

static uint32_t max_fps_of(const struct gs_sched_session *x)
{
    return x->all->params.policy == GS_SCHED_FRAME_LIMIT ? x->all->params.limit_fps : 0;
}

static void tell_all(struct gs_sched_dev *d, uint64_t now)
{
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        uint32_t flags = flags_of(x, now), max_fps = max_fps_of(x);

        if ((flags | x->flags) & GS_GRANT_FREE)
            x->free_until = now + FREE_SEEN;
        if (flags == x->flags && max_fps == x->max_fps)
            continue;
        x->flags = flags;
        x->max_fps = max_fps;
        gs_sched_tell(x);
    }
}

/* ---- until when ---- */

static uint64_t later(uint64_t due, uint64_t when, uint64_t now)
{
    return when > now ? GS_MIN(due, when) : due;
}

static uint64_t due_of(struct gs_sched_session *x, uint64_t now)
{
    uint64_t due = UINT64_MAX;

    if (x->flying && !x->lapsed)
        due = later(due, x->lease_end, now);
    if (x->turn)
        due = later(due, x->turn_end, now);
    if ((x->wanting || x->policed) && x->barred)
        due = later(due, x->barred_until, now);
    if (x->blocked) {
        due = later(due, gs_sched_starves_at(x), now);
        if (x->dev->in_flight < x->dev->depth)
            due = later(due, gs_sched_floor_latest(x, now), now);
    }
    if (x->active_at && now - x->active_at < GS_SCHED_ACTIVE)
        due = later(due, x->active_at + GS_SCHED_ACTIVE, now);
    return due;
}

static void set_due(struct gs_sched_dev *d, uint64_t now)
{
    bool blocked = false;
    uint64_t due = UINT64_MAX;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        due = GS_MIN(due, due_of(x, now));
        blocked |= x->blocked;
    }
    /* Who goes on is in somebody's way. */
    for (struct gs_sched_session *x = d->sessions; blocked && x; x = x->next) {
        if (x->going_on)
            due = later(later(due, measure_at(x), now), x->over_by, now);
    }
    if (blocked && d->in_flight < d->depth) {
        due = later(due, gs_sched_fill_due(d, now), now);
        due = later(due, gs_sched_place_due(d, now), now);
        for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
            due = later(due, x->back_by, now);
            if (x->flying && !x->lapsed)
                due = later(due, x->start_at + IDLE_SEEN, now);
        }
    }
    if (d->active >= 2 && (blocked || lately(d->contended, now)))
        due = later(due, d->police_at, now);
    if (lately(d->crowded, now))
        due = GS_MIN(due, d->crowded + GS_SCHED_CALM);
    if (lately(d->contended, now))
        due = GS_MIN(due, d->contended + GS_SCHED_CALM);
    d->due = due;
}

void gs_sched_run(struct gs_sched_dev *d, uint64_t now)
{
    d->stale = false;
    d->due = UINT64_MAX;
    if (!d->sessions)
        return;
    expire(d, now);
    gs_sched_look_busy(d, now);
    gs_sched_set_low(d, now);
    gs_sched_floors(d, now);
    gs_sched_police(d, now);
    start_all(d, now);
    look_crowded(d, now);
    tell_all(d, now);
    set_due(d, now);
}
