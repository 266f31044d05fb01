/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/work.h"

#include <math.h>

#define BURST_FRAMES 20
#define BURST_CHANCE 0.01
#define MS ((double)GS_NS_PER_MS)
#define SECOND ((double)GS_NS_PER_S)

void sim_work_forget(struct sim_job *job)
{
    g_free(job);
}

struct sim_app *sim_work_end(struct sim_job *job)
{
    struct sim_work *work = (struct sim_work *)job;
    struct sim_app *app = work->life == work->app->life ? work->app : NULL;

    g_free(work);
    return app;
}

struct sim_job *sim_work_new(struct sim_app *app, double ns, void (*on_done)(struct sim_job *))
{
    struct sim_work *work = g_new0(struct sim_work, 1);
    unsigned threads = app->conf->threads ? app->conf->threads : app->device->conf.engines;

    work->app = app;
    work->life = app->life;
    work->job = (struct sim_job){.owner = app->index,
                                 .left = fmax(ns, 1000),
                                 .threads = threads,
                                 .stoppable = true,
                                 .on_done = on_done};
    return &work->job;
}

/* ---- what a frame costs ---- */

static double factor_of_phase(const struct sim_app *app)
{
    const struct sim_cost *c = &app->conf->cost;

    if (c->phase_s <= 0)
        return 1;
    return (uint64_t)((double)app->world->clock.now / (c->phase_s * SECOND)) % 2 ? c->phase_factor
                                                                                 : 1;
}

double sim_work_cost(struct sim_app *app)
{
    const struct sim_cost *c = &app->conf->cost;
    double ns = sim_lognormal(&app->random, c->ms, c->sigma) * MS * factor_of_phase(app);

    if (c->burst_factor > 0 && app->burst_left == 0 && sim_uniform(&app->random) < BURST_CHANCE)
        app->burst_left = BURST_FRAMES;
    if (app->burst_left > 0) {
        app->burst_left--;
        ns *= c->burst_factor;
    }
    return ns;
}
