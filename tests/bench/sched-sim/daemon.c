/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/world.h"

#include <math.h>

#include "common/grant_page.h"
#include "common/macros.h"

#define TICK (10 * GS_NS_PER_MS)
#define READ_EVERY (3 * GS_NS_PER_MS) /* of one that draws, while the daemon is awake anyway */
#define WAY_NS 30000.0                /* of one way, median */
#define WAY_SIGMA 0.72                /* of its logarithm: 200 µs for both ways together at p99 */

static void orders(struct sim_world *w);

/* ---- wake-ups ---- */

static uint64_t way(struct sim_world *w)
{
    return (uint64_t)(WAY_NS * exp(WAY_SIGMA * sim_normal(&w->random)));
}

static void daemon_woken(void *arg, uint64_t life)
{
    struct sim_app *app = arg;

    if (life != app->life)
        return;
    app->host_kicked = false;
    sim_daemon_look(app);
}

static void worker_woken(void *arg, uint64_t life)
{
    struct sim_app *app = arg;

    if (life != app->life)
        return;
    app->worker_kicked = false;
    sim_worker_look(app);
}

void sim_kick_daemon(struct sim_app *app)
{
    struct sim_clock *clock = &app->world->clock;

    if (app->host_kicked)
        return;
    app->host_kicked = true;
    app->last_up = GS_MAX(app->last_up, clock->now + way(app->world));
    sim_clock_at(clock, app->last_up, daemon_woken, app, app->life);
}

void sim_kick_worker(struct sim_app *app)
{
    struct sim_clock *clock = &app->world->clock;

    if (app->worker_kicked)
        return;
    app->worker_kicked = true;
    app->last_down = GS_MAX(app->last_down, clock->now + way(app->world));
    sim_clock_at(clock, app->last_down, worker_woken, app, app->life);
}

/* ---- the meter ---- */

static void meter_renew(struct sim_app *app)
{
    double raw = sim_device_used(app->device, app->index), added = raw - app->meter_raw;

    added *= fmax(0, 1 + app->world->scenario->noise * sim_normal(&app->meter_random));
    app->meter += added;
    app->meter_raw = raw;
}

static void meter_due(void *arg, uint64_t life)
{
    struct sim_app *app = arg;
    struct sim_clock *clock = &app->world->clock;

    if (life != app->life)
        return;
    meter_renew(app);
    sim_clock_at(clock,
                 clock->now + (uint64_t)(app->world->scenario->lag_ms * (double)GS_NS_PER_MS),
                 meter_due, app, life);
}

static void charge(struct sim_app *app)
{
    uint64_t used;

    if (app->world->scenario->lag_ms <= 0)
        meter_renew(app);
    used = (uint64_t)app->meter;
    gs_sched_charge(app->session, used - app->charged, app->world->clock.now);
    app->charged = used;
    app->read_at = app->world->clock.now;
}

static void read_those_that_draw(struct sim_world *w)
{
    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        struct sim_app *app = &w->app[i];

        if (!app->present)
            continue;
        if (gs_sched_to_measure(app->session, w->clock.now) ||
            ((app->granted || app->drawing) && w->clock.now - app->read_at >= READ_EVERY))
            charge(app);
    }
}

/* ---- what workers say, heard as host/grants_session.c does ---- */

static void finish_frame(struct sim_app *app, uint64_t now)
{
    if (app->drawing)
        gs_sched_finished(app->session, now);
    app->drawing = false;
}

/* One that was granted starts without a word to the policy, which counted it then. */
static void start_frame(struct sim_app *app, uint64_t now)
{
    if (!app->granted)
        gs_sched_started(app->session, now);
    app->granted = false;
    app->drawing = true;
}

static void heed_frames(struct sim_app *app, uint64_t now)
{
    const struct sim_page *page = &app->page;
    bool began = page->started != app->seen_started, ended = page->finished != app->seen_finished;

    app->seen_started = page->started;
    app->seen_finished = page->finished;
    if (began || ended)
        charge(app);
    if (ended)
        finish_frame(app, now);
    if (began) {
        start_frame(app, now);
        if (page->finished == page->started)
            finish_frame(app, now);
    }
}

static void heed_wishes(struct sim_app *app, uint64_t now)
{
    const struct sim_page *page = &app->page;
    bool asked = page->asked != app->seen_asked;

    app->seen_asked = page->asked;
    if (page->asked == page->withdrawn || (asked && app->granted)) {
        gs_sched_unwant(app->session, now);
        app->granted = false;
    }
    if (asked && page->asked != page->withdrawn)
        gs_sched_want(app->session, now);
}

void sim_daemon_look(struct sim_app *app)
{
    uint64_t now = app->world->clock.now;

    if (!app->present)
        return;
    heed_frames(app, now);
    heed_wishes(app, now);
    orders(app->world);
}

/* ---- what the policy says ---- */

static void obey(struct sim_app *app, const struct gs_sched_order *order)
{
    if (order->grant || ((order->flags ^ app->page.flags) & GS_GRANT_HOLD))
        charge(app);
    app->page.flags = order->flags;
    app->page.max_fps = order->max_fps;
    if (order->grant) {
        app->page.granted = app->seen_asked;
        app->granted = true;
    }
    if (order->cpu_weight)
        sim_device_weigh(app->device, app->index, order->cpu_weight);
    sim_kick_worker(app);
}

static void due(void *arg, uint64_t tag)
{
    struct sim_world *w = arg;

    if (tag == w->due_tag)
        orders(w);
}

static void orders(struct sim_world *w)
{
    struct gs_sched_order order;
    uint64_t next;

    read_those_that_draw(w);
    while (gs_sched_next(w->sched, w->clock.now, &order))
        obey(order.user, &order);
    next = gs_sched_due(w->sched, w->clock.now);
    w->due_tag++;
    if (next != UINT64_MAX)
        sim_clock_at(&w->clock, GS_MAX(next, w->clock.now + GS_NS_PER_US), due, w, w->due_tag);
}

static void tick(void *arg, uint64_t tag)
{
    struct sim_world *w = arg;

    for (unsigned i = 0; i < w->scenario->n_apps; i++) {
        if (w->app[i].present)
            charge(&w->app[i]);
    }
    orders(w);
    sim_clock_at(&w->clock, w->clock.now + TICK, tick, w, tag);
}

/* ---- sessions ---- */

static void groups_add(struct sim_world *w)
{
    for (unsigned i = 0; i < w->scenario->n_groups; i++)
        w->group[i] = gs_sched_group_add(w->sched, w->scenario->group_weight[i]);
}

void sim_daemon_init(struct sim_world *w, enum gs_sched_policy policy)
{
    const struct sim_scenario *s = w->scenario;
    struct gs_sched_params params = {.policy = policy,
                                     .fixed_sessions = GS_MAX(s->n_apps, 1U),
                                     .limit_fps = s->limit_fps ? s->limit_fps : 60,
                                     .n_devices = s->n_devices};

    for (unsigned i = 0; i < s->n_devices; i++) {
        params.device[i].engines = s->device[i].engines;
        params.device[i].depth = s->device[i].depth;
    }
    w->sched = gs_sched_create(&params);
    groups_add(w);
    tick(w, 0);
}

void sim_daemon_finish(struct sim_world *w)
{
    gs_sched_destroy(w->sched);
    w->sched = NULL;
}

static unsigned place(struct sim_app *app)
{
    if (app->conf->device != SIM_ANY_DEVICE)
        return app->conf->device;
    return gs_sched_place(app->world->sched, app->world->clock.now);
}

static void meter_start(struct sim_app *app)
{
    struct sim_clock *clock = &app->world->clock;
    double lag = app->world->scenario->lag_ms * (double)GS_NS_PER_MS;

    app->meter_raw = sim_device_used(app->device, app->index);
    app->meter = 0;
    app->charged = 0;
    if (lag > 0)
        sim_clock_at(clock, clock->now + (uint64_t)(lag * sim_uniform(&app->meter_random)),
                     meter_due, app, app->life);
}

void sim_daemon_join(struct sim_app *app)
{
    struct sim_world *w = app->world;
    const struct sim_app_conf *c = app->conf;
    struct gs_sched_group *group = c->group ? w->group[c->group - 1] : NULL;

    app->record.device = place(app);
    app->device = &w->device[app->record.device];
    app->settings = (struct gs_sched_settings){.weight = c->weight,
                                               c->floor_fps,
                                               c->cap_permille,
                                               .fps = c->fps,
                                               .weighed = app->device->conf.weighed};
    app->session = gs_sched_add(w->sched, app->record.device, c->name, &app->settings, group, app,
                                w->clock.now);
    app->seen_asked = app->seen_started = app->seen_finished = 0;
    app->granted = app->drawing = false;
    meter_start(app);
    orders(w);
}

void sim_daemon_leave(struct sim_app *app)
{
    gs_sched_remove(app->session, app->world->clock.now);
    app->session = NULL;
    orders(app->world);
}

void sim_daemon_change(struct sim_app *app, const struct sim_change *change)
{
    struct gs_sched_settings *set = &app->settings;

    set->weight = change->weight ? change->weight : set->weight;
    set->floor_fps = change->floor_fps ? change->floor_fps : set->floor_fps;
    set->cap_permille = change->cap_permille ? change->cap_permille : set->cap_permille;
    if (!app->present)
        return;
    gs_sched_set(app->session, set, app->world->clock.now);
    orders(app->world);
}
