/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Where software renders, the kernel divides the device, each moment anew, among all that runs: so
 * it is told by which weights. They are what each session is entitled to, by and by more for one
 * that gets less than that (its threads are not always ready to use it), and most for a floor, as
 * long as it does not use more than it was promised. Who starts a frame is decided all the same: by
 * weights alone, who can't use all that is its own would fall behind for good, and nothing would
 * hold a session back that has no control group.
 */
#include <math.h>

#include "host/scheduler_internal.h"

#define OVER (250 * GS_NS_PER_MS)
#define STEP 0.1 /* of what is lacking, each time */
#define FORGET 0.02
#define LIFT_LEAST 0.5
#define LIFT_MOST 2.0
#define FLOOR_LIFT 4.0 /* of all weights together */
#define CHANGE 0.05    /* that is worth a write */

/* Part of what sessions are entitled to that they get together: less than all, where other programs
 * run or nobody can use more. */
static double given_of(const struct gs_sched_dev *d, uint64_t now)
{
    double used = 0;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next)
        used += gs_sched_used_over(x, OVER, now);
    return GS_CLAMP(used / d->engines, 0.01, 1);
}

static void lift(struct gs_sched_session *x, double given, uint64_t now)
{
    double part = x->entitled * given;
    double lacks = part > 0 ? 1 - gs_sched_used_over(x, OVER, now) / part : 0;

    if (x->lift <= 0)
        x->lift = 1;
    x->lift *= 1 + STEP * GS_MAX(lacks, -2);
    x->lift += (1 - x->lift) * FORGET;
    x->lift = GS_CLAMP(x->lift, LIFT_LEAST, LIFT_MOST);
}

/* What each is entitled to, and lifted: all of them together as much as without that, so that other
 * programs beside sessions have what they had. */
static double lifted(const struct gs_sched_session *x)
{
    return x->entitled / x->dev->engines * x->lift;
}

static double sum_lifted(struct gs_sched_dev *d, double given, uint64_t now)
{
    double sum = 0;

    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        lift(x, given, now);
        sum += gs_sched_is_active(x, now) ? lifted(x) : 0;
    }
    return GS_MAX(sum, 0.01);
}

/* Of those that are active; less, so that the greatest that comes of it is in bounds. */
static double sum_weights(const struct gs_sched_dev *d, uint64_t now)
{
    double sum = 0, most = GS_SCHED_WEIGHT_MAX;

    for (const struct gs_sched_session *x = d->sessions; x; x = x->next) {
        sum += gs_sched_is_active(x, now) ? x->weight : 0;
        if (x->floor > 0)
            most = GS_SCHED_WEIGHT_MAX / (1 + FLOOR_LIFT);
    }
    return GS_MIN(sum, most);
}

static double floor_of(struct gs_sched_session *x, uint64_t now)
{
    return gs_sched_floor_is_due(x, now) ? FLOOR_LIFT * gs_sched_floor_left(x) : 0;
}

static void weigh(struct gs_sched_session *x, double weight)
{
    weight = round(GS_CLAMP(weight, 1, GS_SCHED_WEIGHT_MAX));
    if (!x->set.weighed || fabs(weight - x->cpu_weight) <= CHANGE * x->cpu_weight)
        return;
    x->cpu_weight = (uint32_t)weight;
    gs_sched_tell(x);
}

void gs_sched_weigh(struct gs_sched_dev *d, uint64_t now)
{
    double weights = sum_weights(d, now), sum = sum_lifted(d, given_of(d, now), now);

    if (weights <= 0)
        return;
    for (struct gs_sched_session *x = d->sessions; x; x = x->next) {
        if (gs_sched_fair(x->all))
            weigh(x, (lifted(x) / sum + floor_of(x, now)) * weights);
        else
            weigh(x, x->set.weight);
    }
}
