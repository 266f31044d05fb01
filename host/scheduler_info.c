/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What sessions and devices are like, for who looks. */
#include <string.h>

#include "host/scheduler_internal.h"

static uint32_t permille(const struct gs_sched_dev *d, double ns)
{
    return (uint32_t)GS_MIN(ns * 1000 / GS_NS_PER_S / d->engines + 0.5, 1e6);
}

/* Its part of the device, beside those that are active: of its queue, and in its queue. */
static double share(const struct gs_sched_session *x, uint64_t now)
{
    double queues = x->queue->weight, members = x->weight;

    for (const struct gs_sched_session *y = x->dev->sessions; y; y = y->next) {
        bool first = true;

        if (y == x || !gs_sched_is_active(y, now))
            continue;
        if (y->queue == x->queue) {
            members += y->weight;
            continue;
        }
        for (const struct gs_sched_session *z = x->dev->sessions; z != y && y->queue != &y->own;
             z = z->next)
            first = first && !(z->queue == y->queue && gs_sched_is_active(z, now));
        queues += first ? y->queue->weight : 0;
    }
    return x->queue->weight / queues * x->weight / members;
}

void gs_sched_info(const struct gs_sched_session *x, uint64_t now, struct gs_sched_info *ret)
{
    double got = gs_sched_rate_get(&x->used, GS_NS_PER_S, now);
    double asked = got + gs_sched_rate_get(&x->waiting, GS_NS_PER_S, now);

    now = GS_MAX(now, x->all->now);
    *ret = (struct gs_sched_info){
        .device = x->dev->index,
        .used_ns = x->used_ns,
        .frames = x->frames,
        .waits = x->waits,
        .waited_ns = x->waited_ns,
        .starved = x->starved,
        .liberties = x->liberties,
        .lapsed = x->lapses,
        .misses = x->misses,
        .n_culprits = x->n_culprits,
        .cost_ns = (uint64_t)x->cost,
        .cost_p90_ns = x->cost_p90,
        .share_permille = (uint32_t)(share(x, now) * 1000 + 0.5),
        .asked_permille = permille(x->dev, GS_MIN(asked, x->dev->engines * GS_NS_PER_S)),
        .got_permille = permille(x->dev, got),
        .floor_fps = x->floor,
        .active = gs_sched_is_active(x, now),
        .policed = x->policed,
    };
    memcpy(ret->culprits, x->culprits, sizeof(ret->culprits));
}

uint32_t gs_sched_used_permille(const struct gs_sched *s, unsigned device, uint64_t now)
{
    const struct gs_sched_dev *d;

    if (device >= s->params.n_devices)
        return 0;
    d = &s->dev[device];
    return permille(d, gs_sched_rate_get(&d->used, GS_NS_PER_S, GS_MAX(now, s->now)));
}
