/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "host/meter_claims.h"

#include "common/clock.h"
#include "common/macros.h"

#define ALLOWANCE_MOST GS_NS_PER_S
#define CLAIMED_ENOUGH ((double)GS_NS_PER_MS) /* for a scale */
#define SCALE_LEAST 0.1
#define SCALE_MOST 4.0
#define SCALE_SHARE 8 /* 1 / share of a difference is taken on at once */
#define UNCLAIMED_SHARE 4

static uint64_t grown(uint64_t *most, uint64_t value)
{
    uint64_t by = value > *most ? value - *most : 0;

    *most += by;
    return by;
}

void gs_meter_claims_begin(struct gs_meter_claims *c, uint64_t own, uint64_t app, uint64_t now)
{
    if (!c->begun) {
        c->begun = true;
        c->scale = 1;
        c->time = now;
    }
    c->own = own;
    c->app = app;
}

void gs_meter_claims_take(struct gs_meter_claims *c, uint64_t own, uint64_t app, uint64_t now)
{
    uint64_t passed = grown(&c->time, now);
    uint64_t by_own = grown(&c->own, own), by_app = grown(&c->app, app), by;

    c->allowance = GS_MIN(c->allowance + passed, ALLOWANCE_MOST);
    by_own = GS_MIN(by_own, c->allowance); /* each, so that the sum does not wrap */
    by_app = GS_MIN(by_app, c->allowance);
    by = GS_MIN(by_own + by_app, c->allowance);
    c->allowance -= by;
    c->claimed += (double)by;
    c->used += (double)by * c->scale;
}

void gs_meter_claims_correct(struct gs_meter_claims *c, uint64_t ns)
{
    double counted = c->used - c->used_before;

    if (c->sampled) {
        if (c->claimed >= CLAIMED_ENOUGH) {
            double scale = GS_CLAMP((double)ns / c->claimed, SCALE_LEAST, SCALE_MOST);

            c->scale += (scale - c->scale) / SCALE_SHARE;
        }
        c->unclaimed += ((double)ns - counted - c->unclaimed) / UNCLAIMED_SHARE;
        c->used += GS_MAX(c->unclaimed, 0);
    }
    c->sampled = true;
    c->claimed = 0;
    c->used_before = c->used;
}
