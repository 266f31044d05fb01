/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Virtual time, what frames are taken to cost, and sums over a second. */
#include <glib.h>
#include <math.h>
#include <string.h>

#include "host/scheduler_internal.h"

#define FRESH GS_NS_PER_MS
#define GAP_MOST (200 * GS_NS_PER_MS)
#define UNCOUNTED_MOST 16
#define AWAY_SHORTLY (50 * GS_NS_PER_MS)
#define KEPT_MOST (60 * GS_NS_PER_MS) /* of the device's time */
/* What is used after a frame still belongs to it: Mesa's software draws one once that before was
 * handed over. Until it was at rest for so long. */
#define TAIL (10 * GS_NS_PER_MS)
#define BUSY_PART 0.05 /* of one processor: less is rest */

/* ---- queues ---- */

/* As measured, without estimates. */
static double queue_known(const struct gs_sched_queue *q)
{
    return q->v - q->open / q->weight;
}

static double known(const struct gs_sched_session *x)
{
    return x->v - x->open / x->weight;
}

static void add_v(struct gs_sched_session *x, double ns)
{
    x->v += ns / x->weight;
    x->queue->v += ns / x->queue->weight;
}

static void add_open(struct gs_sched_session *x, double ns)
{
    x->open += ns;
    x->queue->open += ns;
}

/* What it is ahead by stays the same GPU time. */
void gs_sched_queue_weigh(struct gs_sched_queue *q, double weight, double low)
{
    q->v = low + (q->v - low) * q->weight / weight;
    q->weight = weight;
}

void gs_sched_requeue(struct gs_sched_session *x)
{
    struct gs_sched_dev *d = x->dev;
    bool shares = x->all->params.policy == GS_SCHED_SHARES;
    double weight = shares ? x->set.weight : 100, open = x->open;
    struct gs_sched_queue *to = shares && x->group ? &x->group->queue[d->index] : &x->own;
    double low = x->queue == &x->own ? x->own.v : x->queue->low;

    if (x->queue != to) {
        add_v(x, -open);
        add_open(x, -open);
        x->queue = to;
        x->own.v = d->low;
        x->v = to->low;
        x->weight = weight;
        x->own.weight = weight;
        add_v(x, open);
        add_open(x, open);
        return;
    }
    x->v = x->weight > 0 ? low + (x->v - low) * x->weight / weight : 0;
    x->weight = weight;
    if (x->own.weight > 0)
        gs_sched_queue_weigh(&x->own, weight, d->low);
    x->own.weight = weight;
}

bool gs_sched_awake(const struct gs_sched_session *x, uint64_t now)
{
    return gs_sched_waits(x) || gs_sched_in_flight(x) || now < x->back_by;
}

/* So much of the device's time, as virtual time that all queues pass together. */
static double together(const struct gs_sched_dev *d, double ns)
{
    double weights = 0;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next)
        x->queue->least = 1;
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        weights += x->queue->least * x->queue->weight;
        x->queue->least = 0;
    }
    return ns * d->engines / weights;
}

/* Who is away for a moment did not cease to need what is due to it, so it keeps what it is behind
 * by, up to a bound: a worker whose application is drawing already may be slow to ask. */
static double kept(const struct gs_sched_session *x)
{
    if (x->finished_at == 0 || x->all->now - x->finished_at > AWAY_SHORTLY)
        return 0;
    return together(x->dev, KEPT_MOST);
}

void gs_sched_wake(struct gs_sched_session *x)
{
    double keep = kept(x);
    bool alone = true;

    if (x->queue != &x->own) {
        for (struct gs_sched_session *y = x->dev->sessions; y && alone; y = y->next)
            alone = y == x || y->queue != x->queue || !gs_sched_awake(y, x->all->now);
    }
    x->v = GS_MAX(x->v, x->queue->low - keep);
    if (alone)
        x->queue->v = GS_MAX(x->queue->v, x->dev->low - keep);
}

void gs_sched_set_low(struct gs_sched_dev *d, uint64_t now)
{
    double least = INFINITY;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next)
        x->queue->least = INFINITY;
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (gs_sched_awake(x, now)) {
            x->queue->least = GS_MIN(x->queue->least, known(x));
            least = GS_MIN(least, queue_known(x->queue));
        }
    }
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (x->queue->least < INFINITY)
            x->queue->low = GS_MAX(x->queue->low, x->queue->least);
    }
    if (least < INFINITY)
        d->low = GS_MAX(d->low, least);
}

/* ---- frames ---- */

double gs_sched_estimate(const struct gs_sched_session *x)
{
    if (x->policed)
        return x->turn_cost;
    return x->cost > 0 ? x->cost : GS_SCHED_FIRST_COST;
}

void gs_sched_settle(struct gs_sched_session *x, double most)
{
    double rest = x->open - most;

    if (rest <= 0)
        return;
    add_v(x, -rest);
    add_open(x, -rest);
}

bool gs_sched_is_measured(const struct gs_sched_session *x, uint64_t now)
{
    return now - x->charge_at <= FRESH || now - x->finished_at > FRESH + 2 * x->gap;
}

static uint64_t p90(const uint64_t *values, unsigned n)
{
    uint64_t most[GS_SCHED_COSTS / 10 + 1] = {0};
    unsigned keep = n / 10 + 1;

    for (unsigned i = 0; i < n; i++) {
        uint64_t value = values[i];

        for (unsigned k = 0; k < keep && value > 0; k++) {
            if (value > most[k]) {
                uint64_t smaller = most[k];

                most[k] = value;
                value = smaller;
            }
        }
    }
    return most[keep - 1];
}

/* What its last frame cost is known. */
static void count_cost(struct gs_sched_session *x)
{
    if (!x->counting)
        return;
    x->counting = false;
    /* A meter that is late gives one frame what several cost. */
    x->uncounted++;
    if (x->frame_ns < 1 && x->uncounted < UNCOUNTED_MOST)
        return;
    x->frame_ns /= x->uncounted;
    x->uncounted = 0;
    x->cost += (x->frame_ns - x->cost) / (x->n_costs < 4 ? x->n_costs + 1 : 4);
    x->cost_slow += (x->frame_ns - x->cost_slow) / (x->n_costs < 12 ? x->n_costs + 1 : 12);
    /* Of averages: budgets are for many frames. */
    x->costs[x->next_cost] = (uint64_t)x->cost_slow;
    x->next_cost = (x->next_cost + 1) % GS_SCHED_COSTS;
    x->n_costs = GS_MIN(x->n_costs + 1, GS_SCHED_COSTS);
    x->cost_p90 = p90(x->costs, x->n_costs);
}

void gs_sched_note_wall(struct gs_sched_session *x, uint64_t ns)
{
    x->wall += (ns - x->wall) / (x->wall > 0 ? 4 : 1);
    memmove(x->walls + 1, x->walls, sizeof(x->walls) - sizeof(x->walls[0]));
    x->walls[0] = ns;
    x->wall_p90 = p90(x->walls, GS_MIN(GS_MAX(x->frames, 1), GS_SCHED_COSTS));
}

void gs_sched_open(struct gs_sched_session *x, double ns, uint64_t now)
{
    if (x->open < 1)
        x->open_at = now;
    count_cost(x);
    x->frame_ns = 0;
    x->expected = ns;
    x->counting = true;
    add_v(x, ns);
    add_open(x, ns);
}

/* By how much a queue may be ahead of others; of virtual time. */
static double most_ahead(const struct gs_sched_session *x)
{
    return GS_MAX(together(x->dev, GS_SCHED_DEBT), 2 * gs_sched_estimate(x) / x->queue->weight);
}

/* Nobody owes more than a bounded debt for what it took without asking. */
static void clamp_debt(struct gs_sched_session *x)
{
    x->queue->v = GS_MIN(x->queue->v, x->dev->low + most_ahead(x));
}

void gs_sched_pull(struct gs_sched_session *x, uint64_t now)
{
    double least = x->queue->v - most_ahead(x);

    for (struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        if (y->queue == x->queue) {
            double most = GS_MAX(GS_SCHED_DEBT, 2 * gs_sched_estimate(x));

            y->v = GS_MAX(y->v, x->v - most / x->weight);
        } else if (gs_sched_awake(y, now) && y->queue->v < least) {
            y->queue->v = least;
        }
    }
}

/* How often the meter says something while there is something to say. */
static void note_gap(struct gs_sched_session *x, uint64_t now)
{
    double gap = GS_MIN(now - x->charge_at, GAP_MOST);

    if (gap > 0)
        x->gap += (gap - x->gap) / 8;
    x->charge_at = now;
}

/* What was expected is there; the rest of it is of what is at work now, or of nothing. */
static void charge_v(struct gs_sched_session *x, uint64_t ns)
{
    double covered = GS_MIN(x->open, ns), rest = ns - covered, before = x->queue->v;
    bool at_work = x->flying || x->going_on || x->turn;

    add_open(x, -covered);
    add_v(x, rest);
    if (rest > 0 && !at_work)
        clamp_debt(x);
    x->queue->v = GS_MAX(x->queue->v, before);
    gs_sched_settle(x, at_work ? GS_MAX(x->expected - x->frame_ns, 0) : 0);
}

void gs_sched_charge(struct gs_sched_session *x, uint64_t ns, uint64_t now)
{
    struct gs_sched *s = x->all;

    s->now = now = GS_MAX(s->now, now);
    x->dev->stale = true;
    if (ns >= BUSY_PART * (now - x->read_at))
        x->busy_at = now;
    x->read_at = now;
    if (ns == 0)
        return;
    note_gap(x, now);
    if (x->counting)
        x->frame_ns += ns;
    charge_v(x, ns);
    if (!x->flying && x->counting && now - GS_MAX(x->finished_at, x->busy_at) >= TAIL)
        count_cost(x);
    x->used_ns += ns;
    x->dev->measured += ns;
    gs_sched_rate_add(&x->used, ns, now);
    gs_sched_rate_add(&x->dev->used, ns, now);
    gs_sched_cap_use(x, ns, now);
    gs_sched_floor_use(x, ns, now);
    if (ns > GS_NS_PER_MS)
        x->active_at = now;
}

void gs_sched_charge_others(struct gs_sched *s, unsigned device, uint64_t ns, uint64_t now)
{
    struct gs_sched_dev *d = &s->dev[GS_MIN(device, s->params.n_devices - 1)];

    s->now = now = GS_MAX(s->now, now);
    d->measured += ns;
    gs_sched_rate_add(&d->others, ns, now);
}

/* ---- sums over a second ---- */

static void turn_to(struct gs_sched_rate *r, uint64_t now)
{
    uint64_t bin = now / GS_SCHED_BIN;

    if (bin - r->at > GS_SCHED_BINS)
        memset(r->bin, 0, sizeof(r->bin));
    else
        for (uint64_t i = r->at + 1; i <= bin; i++)
            r->bin[i % (GS_SCHED_BINS + 1)] = 0;
    r->at = bin;
}

void gs_sched_rate_add(struct gs_sched_rate *r, uint64_t ns, uint64_t now)
{
    turn_to(r, now);
    r->bin[r->at % (GS_SCHED_BINS + 1)] += ns;
}

uint64_t gs_sched_rate_get(const struct gs_sched_rate *r, uint64_t over, uint64_t now)
{
    uint64_t bins = GS_CLAMP(over / GS_SCHED_BIN, 1, GS_SCHED_BINS), last = now / GS_SCHED_BIN;
    uint64_t sum = 0;

    for (uint64_t i = 0; i <= bins && i <= last; i++) {
        uint64_t bin = last - i, ns = 0;

        if (bin <= r->at && r->at - bin <= GS_SCHED_BINS)
            ns = r->bin[bin % (GS_SCHED_BINS + 1)];
        /* As much of the oldest bin as the newest one lacks. */
        if (i == bins)
            ns = ns * (GS_SCHED_BIN - now % GS_SCHED_BIN) / GS_SCHED_BIN;
        sum += ns;
    }
    return sum;
}
