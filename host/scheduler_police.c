/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Sessions that use the device without asking. What was granted covers a frame from its start until
 * a little after its end; the rest is measured, too, and counts in virtual time, which does nothing
 * to who never asks. So whoever takes more than its share that way, while others go without, runs
 * by turns that are granted as frames are, and stands still between them.
 */
#include "host/scheduler_internal.h"

#define LOOK_EVERY (50 * GS_NS_PER_MS)
#define OFFENCE_OVER (500 * GS_NS_PER_MS)
#define RELEASE_OVER GS_NS_PER_S
#define POLICE_MOST (30 * GS_NS_PER_S)
#define TAIL (10 * GS_NS_PER_MS) /* after a frame: encoding it */
#define TOLERATED 0.1            /* of its share */
#define LEAST 0.05               /* of an engine, that a turn is taken to cost */
#define HUNGRY 0.7               /* of the time it waited or was at work */

/* ---- what grants cover ---- */

/* Meters may be late: time that was covered is compared with what was used over a while, and in
 * whose favour it was used within that is not asked. */
static void count_cover(struct gs_sched_session *x, uint64_t now)
{
    uint64_t to = GS_MIN(now, x->cover_to);

    if (to > x->cover_from)
        gs_sched_rate_add(&x->covered, to - x->cover_from, now);
    x->cover_from = now;
}

void gs_sched_cover_begin(struct gs_sched_session *x, uint64_t now)
{
    count_cover(x, now);
    if (!x->unasked)
        x->cover_to = GS_MAX(x->cover_to, x->lease_end);
}

void gs_sched_cover_end(struct gs_sched_session *x, uint64_t now)
{
    count_cover(x, now);
    if (!x->unasked)
        x->cover_to = now + TAIL;
}

/* ---- who is to be policed ---- */

/* Floors come first: what they need beyond shares is the less for the others. */
static void give_floors(struct gs_sched_dev *d, uint64_t now)
{
    double floors = 0, others = 0, left;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        x->entitled = GS_MAX(x->entitled, gs_sched_floor_needs(x));
        if (gs_sched_is_active(x, now))
            *(x->floor > 0 ? &floors : &others) += x->entitled;
    }
    left = GS_MAX(d->engines - floors, 0);
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (x->floor == 0 && others > left)
            x->entitled *= left / others;
    }
}

/* Of the device, by the weights of those that are active; of queues and within them. */
static void set_entitled(struct gs_sched_dev *d, uint64_t now)
{
    double sum = 0;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next)
        x->queue->sum = 0;
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (!gs_sched_is_active(x, now))
            continue;
        if (x->queue->sum <= 0)
            sum += x->queue->weight;
        x->queue->sum += x->weight;
    }
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        /* One that rests: what it would have. */
        double more = gs_sched_is_active(x, now) ? 0 : x->weight;
        double queues = x->queue->sum > 0 ? sum : sum + x->queue->weight;

        x->entitled = d->engines * x->queue->weight / queues * x->weight / (x->queue->sum + more);
    }
    give_floors(d, now);
}

double gs_sched_used_over(const struct gs_sched_session *x, uint64_t over, uint64_t now)
{
    return (double)gs_sched_rate_get(&x->used, over, now) / over;
}

static double ungranted_over(const struct gs_sched_session *x, uint64_t over, uint64_t now)
{
    double covered = (double)gs_sched_rate_get(&x->covered, over, now) / over;

    return GS_MAX(gs_sched_used_over(x, over, now) - covered * x->dev->engines, 0);
}

bool gs_sched_is_light(const struct gs_sched_session *x, uint64_t now)
{
    return gs_sched_used_over(x, RELEASE_OVER, now) < x->entitled / 2;
}

/* One that is at work or waits all the time, and gets less than is its own. */
static bool goes_without(const struct gs_sched_session *y, uint64_t now)
{
    return y->hungry >= HUNGRY &&
           gs_sched_used_over(y, OFFENCE_OVER, now) < (1 - TOLERATED / 2) * y->entitled;
}

static bool others_go_without(const struct gs_sched_session *x, uint64_t now)
{
    for (struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        if (y != x && goes_without(y, now))
            return true;
    }
    return false;
}

/* What was promised comes before what weights give. */
static bool a_floor_is_missed(const struct gs_sched_dev *d, uint64_t now)
{
    for (const struct gs_sched_session *y = d->sessions; y; y = y->next) {
        double needs = y->floor * y->cost_slow / GS_NS_PER_S;

        if (y->floor > 0 && y->hungry >= HUNGRY &&
            gs_sched_used_over(y, OFFENCE_OVER, now) < (1 - TOLERATED / 2) * needs)
            return true;
    }
    return false;
}

static bool offends(const struct gs_sched_session *x, uint64_t now)
{
    /* A meter that is late gives a while what was used before it. */
    double tolerated = TOLERATED + x->gap / OFFENCE_OVER;

    if (ungranted_over(x, OFFENCE_OVER, now) <= tolerated * x->entitled)
        return false;
    if (x->floor == 0 && a_floor_is_missed(x->dev, now))
        return true;
    return gs_sched_used_over(x, OFFENCE_OVER, now) > (1 + tolerated) * x->entitled &&
           others_go_without(x, now);
}

static bool others_want(const struct gs_sched_session *x, uint64_t now)
{
    for (struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        if (y != x && gs_sched_is_active(y, now))
            return true;
    }
    return false;
}

static bool is_to_be_released(struct gs_sched_session *x, uint64_t now)
{
    if (others_want(x, now))
        x->wanted_by_others = now;
    if (now - x->wanted_by_others >= RELEASE_OVER)
        return true;
    return now - x->police_since >= x->police_for &&
           ungranted_over(x, RELEASE_OVER, now) < TOLERATED * x->entitled;
}

static void set_policed(struct gs_sched_session *x, bool policed, uint64_t now)
{
    if (x->policed == policed)
        return;
    if (x->turn)
        gs_sched_turn_end(x, now);
    if (gs_sched_in_flight(x)) {
        gs_sched_fill_end(x, now);
        gs_sched_lapse(x);
    }
    /* Who does it again at once is not believed as soon. */
    if (policed && (x->police_for == 0 || now - x->police_since > x->police_for))
        x->police_for = RELEASE_OVER;
    else if (policed)
        x->police_for = GS_MIN(2 * x->police_for, POLICE_MOST);
    x->policed = policed;
    x->turn_cost = x->dev->engines * GS_SCHED_TURN;
    x->turns = 0;
    x->police_since = x->wanted_by_others = x->wait_from = now;
}

static void look_at(struct gs_sched_session *x, uint64_t now)
{
    count_cover(x, now);
    x->hungry += ((x->wanting || gs_sched_in_flight(x)) - x->hungry) / 8;
    if (!gs_sched_fair(x->all))
        set_policed(x, false, now);
    else if (x->policed)
        set_policed(x, !is_to_be_released(x, now), now);
    else
        set_policed(x, offends(x, now), now);
}

void gs_sched_police(struct gs_sched_dev *d, uint64_t now)
{
    if (now < d->police_at)
        return;
    d->police_at = now + LOOK_EVERY;
    set_entitled(d, now);
    for (struct gs_sched_session *x = d->sessions; x; x = x->next)
        look_at(x, now);
    gs_sched_weigh(d, now);
}

/* ---- turns ---- */

void gs_sched_turn_begin(struct gs_sched_session *x, uint64_t now)
{
    /* What its last turn began may have gone on long after that. */
    double used = GS_MIN(x->used_ns - x->turn_used, GS_NS_PER_S);

    if (x->turns++ > 0)
        x->turn_cost += (GS_MAX(used, LEAST * GS_SCHED_TURN) - x->turn_cost) / 4;
    gs_sched_open(x, x->turn_cost, now);
    x->turn = true;
    x->turn_used = x->used_ns;
    x->turn_end = now + GS_SCHED_TURN;
    x->dev->in_flight++;
}

void gs_sched_turn_end(struct gs_sched_session *x, uint64_t now)
{
    x->turn = false;
    x->dev->in_flight--;
    x->wait_from = now;
    x->finished_at = now;
}
