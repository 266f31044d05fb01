/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How busy a device is, and what it has to spare. A session that comes first may not fill it: it
 * waits for processors, or for its user. What it leaves is seen only over frames beside which
 * nobody else was let in, for whoever is let in slows it down. By those frames the rest is given
 * away, as a credit of GPU time; and now and then nothing is, to look again.
 */
#include <math.h>

#include "host/scheduler_internal.h"

#define BUSY_OVER (40 * GS_NS_PER_MS)
#define BUSY_ENOUGH 0.995
#define AHEAD_LEAST (-10.0 * GS_NS_PER_MS)
#define AHEAD_MOST (50 * GS_NS_PER_MS)
#define AHEAD_MOST_TOGETHER (5 * GS_NS_PER_MS) /* where engines work on all frames at once */
#define LOOK_AGAIN (400 * GS_NS_PER_MS)
#define LOOK_FILLS 4
#define SPANS_OVER (10 * GS_NS_PER_MS)
#define IDLE_LEAST 0.02 /* below that it is noise */
#define CREDIT_MOST (5 * GS_NS_PER_MS)
#define DUE_MOST (5 * GS_NS_PER_MS)

/* What is estimated of a frame was done as fast as it can be, until the meter says else. */
static double presumed(const struct gs_sched_session *x, uint64_t now)
{
    uint64_t from = GS_MAX(x->charge_at, x->open_at);

    return GS_MIN(x->open, (now - from) * x->dev->engines);
}

/* The next frame starts so long before the end of one in flight that the engines just don't idle.
 */
static void adapt_ahead(struct gs_sched_dev *d, double passed)
{
    double most = d->engines > 1 ? AHEAD_MOST_TOGETHER : AHEAD_MOST;

    d->ahead += (BUSY_ENOUGH - GS_MIN(d->busy, 1)) * passed;
    d->ahead = GS_CLAMP(d->ahead, AHEAD_LEAST, most);
}

/* No faster than the engines can be: what is said late is seen late, and what waits behind another
 * frame was presumed too early. */
static void advance_work(struct gs_sched_dev *d, uint64_t now)
{
    double work = d->measured, all = work, passed = now - d->work_at, before = d->work;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        work += presumed(x, now);
        all += gs_sched_in_flight(x) ? x->open : presumed(x, now);
    }
    d->work = GS_CLAMP(work, before, before + passed * d->engines);
    d->work_at = now;
    if (all > d->work)
        d->dry_at = now + (uint64_t)((all - d->work) / d->engines);
    d->dry_at = GS_MIN(d->dry_at, now + GS_NS_PER_S);
    if (passed > 0)
        d->busy +=
            ((d->work - before) / (passed * d->engines) - d->busy) * passed / (passed + BUSY_OVER);
    if (d->active >= 2)
        adapt_ahead(d, passed);
}

/* ---- what is left beside those that come first ---- */

/* Nothing is given away, and nothing in flight was slowed down by that; nor runs anything in the
 * place of one that comes first. */
static bool is_clean(const struct gs_sched_dev *d)
{
    if (d->fills > 0 || d->in_flight == 0)
        return false;
    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if ((gs_sched_in_flight(x) && x->mixed) || x->resting)
            return false;
    }
    return true;
}

static void begin_span(struct gs_sched_dev *d, uint64_t now)
{
    d->span_at = now;
    d->span_work = d->work;
}

static void earn(struct gs_sched_dev *d, uint64_t now)
{
    double most = d->fills > 0 ? 0 : CREDIT_MOST * d->engines;

    d->credit += GS_MAX(d->idle - IDLE_LEAST, 0) * d->engines * (now - d->credit_at);
    d->credit = GS_MIN(d->credit, most);
    d->credit_at = now;
}

void gs_sched_look_busy(struct gs_sched_dev *d, uint64_t now)
{
    earn(d, now);
    advance_work(d, now);
    if (!is_clean(d))
        d->span_at = 0;
    else if (d->span_at == 0)
        begin_span(d, now);
}

void gs_sched_span_end(struct gs_sched_session *x, uint64_t now)
{
    struct gs_sched_dev *d = x->dev;
    double passed = now - d->span_at, part;

    if (x->mixed || d->span_at == 0 || passed <= 0)
        return;
    advance_work(d, now);
    part = 1 - (d->work - d->span_work) / (passed * d->engines);
    d->idle += (part - d->idle) * passed / (passed + SPANS_OVER);
    d->idle_known = now;
    d->fills_since = 0;
    begin_span(d, now);
}

void gs_sched_fill_begin(struct gs_sched_session *x, uint64_t now)
{
    struct gs_sched_dev *d = x->dev;

    earn(d, now);
    for (struct gs_sched_session *y = d->sessions; y; y = y->next)
        y->mixed |= gs_sched_in_flight(y);
    d->span_at = 0;
    d->fills++;
    d->fills_since++;
    d->credit -= gs_sched_estimate(x);
    x->fill = true;
}

void gs_sched_fill_end(struct gs_sched_session *x, uint64_t now)
{
    struct gs_sched_dev *d = x->dev;

    if (!x->fill)
        return;
    x->fill = false;
    d->fills--;
    /* What it really took, as far as that is known. */
    if (x->frame_ns > 0)
        d->credit += gs_sched_estimate(x) - x->frame_ns;
    earn(d, now);
}

uint64_t gs_sched_fill_due(const struct gs_sched_dev *d, uint64_t now)
{
    double rate = (d->idle - IDLE_LEAST) * d->engines;

    if (rate <= 0 || (d->fills_since >= LOOK_FILLS && now - d->idle_known > LOOK_AGAIN))
        return UINT64_MAX;
    if (d->credit >= 0)
        return now;
    return now + (uint64_t)GS_MIN(ceil(-d->credit / rate), DUE_MOST) + 1;
}
