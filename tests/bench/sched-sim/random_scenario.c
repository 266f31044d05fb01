/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "common/macros.h"
#include "tests/bench/sched-sim/scenario.h"

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g",
                                    "h", "i", "j", "k", "l", "m", "n"};

static double between(struct sim_random *r, double low, double high)
{
    return low * pow(high / low, sim_uniform(r));
}

static void device(struct sim_random *r, struct sim_device_conf *ret)
{
    bool software = sim_uniform(r) < 0.35;

    ret->kind = software ? SIM_SOFTWARE : SIM_GPU;
    ret->engines = software ? sim_pick(r, 2, 4) : 1;
    ret->depth = sim_uniform(r) < 0.5
                     ? 0
                     : sim_pick(r, software ? ret->engines : 1, software ? ret->engines + 2 : 3);
    ret->in_turn = sim_uniform(r) < 0.5;
}

static void cost(struct sim_random *r, struct sim_cost *ret)
{
    ret->ms = between(r, 1, 40);
    ret->sigma = sim_uniform(r) < 0.3 ? 0 : between(r, 0.05, 0.5);
    if (sim_uniform(r) < 0.15)
        ret->burst_factor = between(r, 2, 5);
    if (sim_uniform(r) < 0.15) {
        ret->phase_s = between(r, 1, 8);
        ret->phase_factor = between(r, 0.25, 4);
    }
}

/* Draws as much as it gets. most_ms: 0: frames of any length. */
static void saturating(struct sim_random *r, const struct sim_device_conf *d, double most_ms,
                       struct sim_app_conf *ret)
{
    double chance = sim_uniform(r);

    ret->kind = chance < 0.6 ? SIM_PACED : chance < 0.85 ? SIM_GREEDY : SIM_OFFSCREEN;
    ret->fps = 1000;
    cost(r, &ret->cost);
    if (most_ms > 0)
        ret->cost = (struct sim_cost){.ms = GS_MIN(ret->cost.ms, most_ms), .sigma = 0.15};
    ret->weight = (unsigned)lround(between(r, 50, 800));
    ret->cpu_ms = between(r, 0.1, 2);
    ret->own_ms = d->kind == SIM_SOFTWARE ? between(r, 1, 4) : 0.2;
    if (d->kind == SIM_SOFTWARE && sim_uniform(r) < 0.5)
        ret->threads = sim_pick(r, 1, d->engines);
}

static void passing(struct sim_random *r, struct sim_app_conf *ret)
{
    ret->kind = sim_uniform(r) < 0.5 ? SIM_BURSTS : SIM_INPUT;
    ret->weight = (unsigned)lround(between(r, 50, 800));
    ret->cost = (struct sim_cost){.ms = between(r, 1, 8), .sigma = 0.2};
    ret->cpu_ms = between(r, 0.1, 2);
    ret->own_ms = 0.2;
    ret->inputs = between(r, 2, 20);
    ret->on_s = between(r, 0.1, 2);
    ret->off_s = between(r, 0.5, 5);
}

/* A floor that would be admitted: costs less than `part` of the device. */
static void promised(struct sim_random *r, const struct sim_device_conf *d, double part,
                     struct sim_app_conf *ret)
{
    static const unsigned rates[] = {24, 30, 45, 60};
    unsigned fps = rates[sim_pick(r, 0, 3)];
    double ms = part * 1000 * d->engines / fps;

    ret->kind = SIM_PACED;
    ret->weight = (unsigned)lround(between(r, 50, 400));
    ret->fps = sim_uniform(r) < 0.5 ? fps : 60;
    ret->floor_fps = fps;
    ret->cpu_ms = between(r, 0.1, 2);
    ret->own_ms = d->kind == SIM_SOFTWARE ? GS_MIN(3, ms / 3) : 0.2;
    /* Half of a frame's time is the most that one after the other lets it use. */
    ret->cost.ms = GS_MIN(ms - ret->own_ms, 500.0 / fps - ret->cpu_ms);
    ret->cost.ms = GS_MAX(ret->cost.ms, 0.3);
    ret->cost.sigma = 0.15;
}

static struct sim_app_conf *free_app(struct sim_scenario *s)
{
    unsigned i = 0;

    while (s->app[i].weight > 0)
        i++;
    s->app[i].name = names[i];
    return &s->app[i];
}

/* At most 0.6 of the device on average, so that nine in ten frames fit in 0.8. Returns what others'
 * frames may last: no floor is kept beside frames that are longer than its own distance. */
static double add_promised(struct sim_random *r, struct sim_scenario *s)
{
    unsigned most = sim_uniform(r) < 0.5 ? 0 : sim_pick(r, 1, 3), fps = 0;

    for (unsigned i = 0; i < most; i++) {
        promised(r, &s->device[0], between(r, 0.05, 0.2), free_app(s));
        fps = GS_MAX(fps, s->app[i].floor_fps);
    }
    return fps > 0 ? 500.0 / fps : 0;
}

void sim_scenario_random(uint64_t seed, unsigned seconds, struct sim_scenario *ret)
{
    struct sim_random r;
    unsigned many, more;
    double most_ms;

    *ret = (struct sim_scenario){0};
    sim_random_init(&r, seed, 2000);
    snprintf(ret->name, sizeof(ret->name), "random-%llu", (unsigned long long)seed);
    snprintf(ret->text, sizeof(ret->text), "by chance, seed %llu", (unsigned long long)seed);
    device(&r, &ret->device[0]);
    most_ms = add_promised(&r, ret);
    many = sim_pick(&r, 2, 8);
    more = sim_pick(&r, 0, 3);
    while (many-- > 0)
        saturating(&r, &ret->device[0], most_ms, free_app(ret));
    while (more-- > 0)
        passing(&r, free_app(ret));
    ret->lag_ms = sim_uniform(&r) < 0.4 ? 0 : between(&r, 5, 100);
    ret->noise = sim_uniform(&r) < 0.5 ? 0 : between(&r, 0.02, 0.2);
    sim_scenario_count(ret, seconds);
}
