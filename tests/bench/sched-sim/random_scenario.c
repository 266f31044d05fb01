/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <math.h>
#include <stdio.h>

#include "common/macros.h"
#include "tests/bench/sched-sim/scenario.h"

static const char *const names[] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"};

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

/* Draws as much as it gets. */
static void saturating(struct sim_random *r, const struct sim_device_conf *d,
                       struct sim_app_conf *ret)
{
    double chance = sim_uniform(r);

    ret->kind = chance < 0.6 ? SIM_PACED : chance < 0.85 ? SIM_GREEDY : SIM_OFFSCREEN;
    ret->fps = 1000;
    cost(r, &ret->cost);
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

void sim_scenario_random(uint64_t seed, unsigned seconds, struct sim_scenario *ret)
{
    struct sim_random r;
    unsigned many, more;

    *ret = (struct sim_scenario){0};
    sim_random_init(&r, seed, 2000);
    snprintf(ret->name, sizeof(ret->name), "random-%llu", (unsigned long long)seed);
    snprintf(ret->text, sizeof(ret->text), "by chance, seed %llu", (unsigned long long)seed);
    device(&r, &ret->device[0]);
    many = sim_pick(&r, 2, 8);
    more = sim_pick(&r, 0, 3);
    for (unsigned i = 0; i < many; i++)
        saturating(&r, &ret->device[0], &ret->app[i]);
    for (unsigned i = many; i < many + more; i++)
        passing(&r, &ret->app[i]);
    for (unsigned i = 0; i < many + more; i++)
        ret->app[i].name = names[i];
    ret->lag_ms = sim_uniform(&r) < 0.4 ? 0 : between(&r, 5, 100);
    ret->noise = sim_uniform(&r) < 0.5 ? 0 : between(&r, 0.02, 0.2);
    sim_scenario_count(ret, seconds);
}
