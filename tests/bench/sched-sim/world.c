/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/world.h"

#include <math.h>

#include "common/macros.h"

static uint64_t ns_of(double s)
{
    return (uint64_t)llround(s * (double)GS_NS_PER_S);
}

static void join(void *arg, uint64_t tag GS_UNUSED)
{
    struct sim_app *app = arg;

    app->life++;
    app->present = true;
    app->host_kicked = app->worker_kicked = false;
    app->page = (struct sim_page){0};
    sim_daemon_join(app);
    sim_worker_join(app);
}

static void leave(void *arg, uint64_t tag GS_UNUSED)
{
    struct sim_app *app = arg;

    app->life++;
    sim_worker_leave(app);
    app->present = false;
    sim_daemon_leave(app);
}

static void change(void *arg, uint64_t i)
{
    struct sim_world *w = arg;
    const struct sim_change *c = &w->scenario->change[i];

    sim_daemon_change(&w->app[c->app], c);
}

static void sample(void *arg, uint64_t tag GS_UNUSED)
{
    struct sim_world *w = arg;

    if (w->step == w->n_steps)
        return;
    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        struct sim_app *app = &w->app[i];
        struct sim_sample *s = &app->record.sample[w->step];
        struct gs_sched_info info = {0};

        if (app->device) {
            s->used = sim_device_used(app->device, i);
            s->idle = sim_worker_idle(app);
        }
        s->frames = app->drawn;
        if (!app->present)
            continue;
        gs_sched_info(app->session, w->clock.now, &info);
        s->policed = info.policed;
        s->weight = (float)app->settings.weight;
        s->floor_fps = (float)app->settings.floor_fps;
    }
    w->step++;
    sim_clock_at(&w->clock, w->clock.now + SIM_STEP, sample, w, 0);
}

static void app_init(struct sim_world *w, unsigned i, uint64_t seed)
{
    struct sim_app *app = &w->app[i];
    const struct sim_app_conf *conf = &w->scenario->app[i];

    *app = (struct sim_app){.world = w, .conf = conf, .index = i};
    sim_random_init(&app->random, seed, 3 * i + 1);
    sim_random_init(&app->events, seed, 3 * i + 2);
    sim_random_init(&app->meter_random, seed, 3 * i + 3);
    app->settings.weight = conf->weight;
    app->record.sample = g_new0(struct sim_sample, w->n_steps);
    app->record.start_ms = g_array_new(FALSE, FALSE, sizeof(float));
    app->record.drawn_ms = g_array_new(FALSE, FALSE, sizeof(float));
    app->record.input_ms = g_array_new(FALSE, FALSE, sizeof(float));
    sim_clock_at(&w->clock, ns_of(conf->join_s), join, app, 0);
    if (conf->leave_s > 0)
        sim_clock_at(&w->clock, ns_of(conf->leave_s), leave, app, 0);
}

void sim_world_run(struct sim_world *w, const struct sim_scenario *scenario,
                   enum gs_sched_policy policy, uint64_t seed)
{
    *w = (struct sim_world){.scenario = scenario};
    w->n_steps = (unsigned)(scenario->seconds * (GS_NS_PER_S / SIM_STEP));
    sim_random_init(&w->random, seed, 1000);
    for (unsigned i = 0; i < scenario->n_devices; i++)
        sim_device_init(&w->device[i], &scenario->device[i], &w->clock);
    sim_daemon_init(w, policy);
    for (unsigned i = 0; i < scenario->n_apps; i++)
        app_init(w, i, seed);
    sample(w, 0);
    for (unsigned i = 0; i < scenario->n_changes; i++)
        sim_clock_at(&w->clock, ns_of(scenario->change[i].at_s), change, w, i);
    sim_clock_run(&w->clock, scenario->seconds * GS_NS_PER_S);
}

void sim_world_finish(struct sim_world *w)
{
    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        struct sim_app *app = &w->app[i];

        if (app->present)
            leave(app, 0);
        g_free(app->record.sample);
        g_array_free(app->record.start_ms, TRUE);
        g_array_free(app->record.drawn_ms, TRUE);
        g_array_free(app->record.input_ms, TRUE);
    }
    sim_daemon_finish(w);
    for (unsigned i = 0; i < w->scenario->n_devices; i++)
        sim_device_finish(&w->device[i]);
    sim_clock_finish(&w->clock);
}
