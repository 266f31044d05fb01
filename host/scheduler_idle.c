/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a device has to spare. A session that comes first may not fill it: it waits for processors,
 * or for its user. How much it leaves is seen only while nobody else is let in, for what is let in
 * slows it down; so that is measured in the spans between, and given away as a credit of GPU time.
 */
#include <math.h>

#include "host/scheduler_internal.h"

#define BUSY_OVER (40 * GS_NS_PER_MS)
#define SPAN (2 * GS_NS_PER_MS)
#define SPANS_OVER (4 * GS_NS_PER_MS)
#define SPAN_AGED (50 * GS_NS_PER_MS)
#define IDLE_LEAST 0.02 /* below that it is noise */
#define CREDIT_MOST (5 * GS_NS_PER_MS)

/* What is estimated of a frame was done as fast as it can be, until the meter says else. */
static double presumed(const struct gs_sched_session *x, uint64_t now)
{
    uint64_t from = GS_MAX(x->charge_at, x->start_at);

    return GS_MIN(x->open, (now - from) * x->dev->engines);
}

/* No faster than the engines can be: what is said late is seen late, and what waits behind another
 * frame was presumed too early. */
static void advance_work(struct gs_sched_dev *d, uint64_t now)
{
    double work = d->measured, passed = now - d->work_at, before = d->work;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next)
        work += x->flying ? presumed(x, now) : 0;
    d->work = GS_CLAMP(work, before, before + passed * d->engines);
    d->work_at = now;
    if (passed > 0)
        d->busy +=
            ((d->work - before) / (passed * d->engines) - d->busy) * passed / (passed + BUSY_OVER);
}

static void end_span(struct gs_sched_dev *d, uint64_t now)
{
    double passed = now - d->idle_at, part;

    if (d->idle_at == 0 || passed < 1)
        return;
    part = 1 - (d->work - d->idle_work) / (passed * d->engines);
    d->idle += (part - d->idle) * passed / (passed + SPANS_OVER);
    if (passed >= SPAN)
        d->idle_known = now;
    d->idle_at = 0;
}

static void begin_span(struct gs_sched_dev *d, uint64_t now)
{
    d->idle_at = now;
    d->idle_work = d->work;
}

static double spare(const struct gs_sched_dev *d)
{
    return GS_MAX(d->idle - IDLE_LEAST, 0) * d->engines;
}

static void earn(struct gs_sched_dev *d, uint64_t now)
{
    double most = d->fills > 0 ? 0 : CREDIT_MOST * d->engines;

    d->credit += spare(d) * (now - d->credit_at);
    d->credit = GS_MIN(d->credit, most);
    d->credit_at = now;
}

void gs_sched_look_busy(struct gs_sched_dev *d, uint64_t now)
{
    bool looks = d->fills == 0 && d->in_flight > 0;

    earn(d, now);
    advance_work(d, now);
    if (d->idle_at != 0 && (!looks || now - d->idle_at >= SPAN))
        end_span(d, now);
    if (looks && d->idle_at == 0)
        begin_span(d, now);
}

void gs_sched_fill_begin(struct gs_sched_session *x, uint64_t now)
{
    struct gs_sched_dev *d = x->dev;

    end_span(d, now);
    d->idle_at = 0;
    d->fills++;
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
    advance_work(d, now);
}

uint64_t gs_sched_fill_due(const struct gs_sched_dev *d, uint64_t now)
{
    double rate = spare(d);

    if (d->fills == 0 && now - d->idle_known > SPAN_AGED)
        return now + SPAN;
    if (rate <= 0)
        return now + SPAN;
    if (d->credit >= 0)
        return now;
    return now + (uint64_t)GS_MIN(ceil(-d->credit / rate), 50.0 * GS_NS_PER_MS);
}
