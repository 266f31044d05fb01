/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "tests/bench/sched-sim/work.h"

#include <math.h>

#include "common/grant_page.h"
#include "common/macros.h"

#define MS ((double)GS_NS_PER_MS)
#define SECOND ((double)GS_NS_PER_S)

static void plan(struct sim_app *app);
static void hand_over(struct sim_app *app);

static uint64_t now_of(const struct sim_app *app)
{
    return app->world->clock.now;
}

static void note_ms(GArray *to, double ns)
{
    float ms = (float)(fmax(ns, 0) / MS);

    g_array_append_val(to, ms);
}

/* ---- the application's own time ---- */

static void cpu_done(struct sim_app *app)
{
    app->cpu_busy = false;
    app->cpu_ready = true;
    if (app->cost_left == 0)
        app->cost_left = sim_work_cost(app);
    if (app->starting) {
        hand_over(app);
    } else if (app->conf->early > 0 && !app->held) {
        double part = app->cost_left * app->conf->early;

        app->cost_left -= part;
        sim_device_submit(app->device, sim_work_new(app, part, sim_work_forget));
    }
}

static void cpu_job_done(struct sim_job *job)
{
    struct sim_app *app = sim_work_end(job);

    if (app)
        cpu_done(app);
}

static void cpu_event(void *arg, uint64_t life)
{
    struct sim_app *app = arg;

    if (life == app->life)
        cpu_done(app);
}

static void cpu_begin(struct sim_app *app)
{
    double ns = app->conf->cpu_ms * MS;

    if (app->cpu_busy || app->cpu_ready)
        return;
    app->cpu_busy = true;
    if (ns <= 0) {
        cpu_done(app);
    } else if (app->device->conf.kind == SIM_GPU) {
        sim_clock_at(&app->world->clock, now_of(app) + (uint64_t)ns, cpu_event, app, app->life);
    } else {
        struct sim_job *job = sim_work_new(app, ns, cpu_job_done);

        job->threads = 1;
        sim_device_submit(app->device, job);
    }
}

/* ---- a frame, from its end to its beginning ---- */

static void own_done(struct sim_job *job)
{
    struct sim_app *app = sim_work_end(job);

    if (!app)
        return;
    app->encoding--;
    plan(app);
}

/* The worker converts it; where software renders, that includes encoding it. */
static void own_begin(struct sim_app *app)
{
    struct sim_job *job;

    if (app->conf->own_ms <= 0 || !app->reported)
        return;
    job = sim_work_new(app, app->conf->own_ms * MS, own_done);
    job->urgent = true;
    job->stoppable = false;
    job->threads = 1;
    app->encoding++;
    sim_device_submit(app->device, job);
}

static bool wants(const struct sim_app *app)
{
    switch (app->conf->kind) {
    case SIM_INPUT:
        return app->input_at != 0 || app->conf->pending;
    case SIM_BURSTS:
        return app->drawing_on;
    default:
        return app->conf->kind != SIM_OFFSCREEN;
    }
}

/* An application that blocks when it presents works on its next frame before that may start: with a
 * GPU as soon as the one before is handed over, in software once that is drawn. */
static void cpu_early(struct sim_app *app)
{
    if (wants(app) && !app->conf->cpu_late && app->conf->kind != SIM_INPUT)
        cpu_begin(app);
}

static void drawn(struct sim_app *app)
{
    uint64_t now = now_of(app);

    app->in_flight = false;
    app->drawn++;
    note_ms(app->record.drawn_ms, (double)(now - app->due));
    if (app->input_shown)
        note_ms(app->record.input_ms, (double)(now - app->input_shown));
    app->input_shown = 0;
    if (app->reported && !app->conf->mute) {
        app->page.finished = app->page.started;
        sim_kick_daemon(app);
    }
    own_begin(app);
    cpu_early(app);
    plan(app);
}

static void frame_done(struct sim_job *job)
{
    struct sim_app *app = sim_work_end(job);

    if (app)
        drawn(app);
}

static void frame_begun(struct sim_job *job)
{
    struct sim_work *work = (struct sim_work *)job;
    struct sim_app *app = work->app;

    if (work->life != app->life)
        return;
    note_ms(app->record.start_ms,
            (double)(now_of(app) - app->due) - (double)(app->handed_over - app->started_at));
}

static void hand_over(struct sim_app *app)
{
    struct sim_job *job;

    app->blocked = app->held;
    if (app->held)
        return;
    job = sim_work_new(app, app->cost_left, frame_done);
    job->on_begun = frame_begun;
    app->cost_left = 0;
    app->cpu_ready = false;
    app->starting = false;
    app->handed_over = now_of(app);
    sim_device_submit(app->device, job);
    if (app->device->conf.kind == SIM_GPU)
        cpu_early(app);
}

/* ---- when a frame starts ---- */

static void idle_begin(struct sim_app *app, uint64_t until)
{
    if (app->idle)
        return;
    app->idle = true;
    app->idle_since = now_of(app);
    app->idle_until = until;
}

double sim_worker_idle(const struct sim_app *app)
{
    uint64_t until = GS_MIN(now_of(app), app->idle_until);

    return app->idle_ns +
           (app->idle && until > app->idle_since ? (double)(until - app->idle_since) : 0);
}

static void idle_end(struct sim_app *app)
{
    app->idle_ns = sim_worker_idle(app);
    app->idle = false;
}

static bool may_start(const struct sim_app *app)
{
    return app->conf->lies || app->page.flags & GS_GRANT_FREE;
}

/* At swap interval 0 nothing keeps a rate as long as nobody holds replies. */
static bool rushes(const struct sim_app *app)
{
    return app->conf->kind == SIM_GREEDY && may_start(app) && app->page.max_fps == 0;
}

static void draw(struct sim_app *app)
{
    app->resting = app->conf->kind == SIM_INPUT && app->input_at == 0;
    if (app->resting) {
        idle_begin(app, UINT64_MAX);
        return;
    }
    app->input_shown = app->input_at;
    app->input_at = 0;
    if (app->cpu_ready)
        hand_over(app);
    else
        cpu_begin(app);
}

static void start(struct sim_app *app)
{
    uint64_t now = now_of(app), period = GS_NS_PER_S / app->conf->fps;

    app->waiting = false;
    app->in_flight = app->starting = true;
    app->started_at = now;
    app->reported = !rushes(app) || now >= app->slot;
    if (app->reported) {
        /* A start that is late by less than a frame moves none of those after it. */
        app->slot = GS_MAX(app->slot + period, now);
        app->page.started++;
        if (may_start(app))
            sim_kick_daemon(app);
    }
    draw(app);
}

static void ask(struct sim_app *app)
{
    app->due = now_of(app);
    if (may_start(app)) {
        start(app);
        return;
    }
    app->waiting = true;
    app->page.asked++;
    sim_kick_daemon(app);
}

static void slot_came(void *arg, uint64_t tag)
{
    struct sim_app *app = arg;

    if (tag == app->plan_tag)
        plan(app);
}

static uint64_t slot_of(const struct sim_app *app)
{
    uint64_t limit = app->page.max_fps ? app->started_at + GS_NS_PER_S / app->page.max_fps : 0;

    if (rushes(app))
        return 0;
    return GS_MAX(app->slot, limit);
}

static void plan(struct sim_app *app)
{
    uint64_t slot = slot_of(app);

    app->plan_tag++;
    if (!app->present || app->conf->kind == SIM_OFFSCREEN || app->in_flight || app->waiting ||
        app->encoding > 1)
        return;
    if (!wants(app)) {
        idle_end(app);
        idle_begin(app, UINT64_MAX);
        return;
    }
    idle_end(app);
    if (slot > now_of(app)) {
        idle_begin(app, app->slot);
        sim_clock_at(&app->world->clock, slot, slot_came, app, app->plan_tag);
        return;
    }
    app->slot = GS_MAX(app->slot, now_of(app) - GS_MIN(now_of(app), GS_NS_PER_S / app->conf->fps));
    ask(app);
}

/* ---- what comes from outside ---- */

static void off_screen_fill(struct sim_app *app, unsigned n);

static void off_screen_done(struct sim_job *job)
{
    struct sim_app *app = sim_work_end(job);

    if (!app)
        return;
    app->drawn++;
    app->encoding--;
    off_screen_fill(app, 1);
}

/* `encoding` counts its jobs: it has no frames that could be encoded. */
static void off_screen_fill(struct sim_app *app, unsigned n)
{
    while (n-- > 0 && !app->held) {
        app->encoding++;
        sim_device_submit(app->device, sim_work_new(app, sim_work_cost(app), off_screen_done));
    }
}

static unsigned queue_of(const struct sim_app *app)
{
    if (app->device->conf.kind == SIM_SOFTWARE)
        return 1;
    return app->conf->queue ? app->conf->queue : 2;
}

static void set_held(struct sim_app *app, bool held)
{
    if (held == app->held)
        return;
    app->held = held;
    if (app->device->conf.kind == SIM_SOFTWARE)
        sim_device_hold(app->device, app->index, held);
    if (held)
        return;
    if (app->blocked)
        hand_over(app);
    if (app->conf->kind == SIM_OFFSCREEN && app->encoding < queue_of(app))
        off_screen_fill(app, queue_of(app) - app->encoding);
}

void sim_worker_look(struct sim_app *app)
{
    const struct sim_page *page = &app->page;

    if (!app->present)
        return;
    set_held(app, page->flags & GS_GRANT_HOLD);
    if (app->waiting && (may_start(app) || page->granted == page->asked))
        start(app);
    else
        plan(app);
}

static void input(void *arg, uint64_t life)
{
    struct sim_app *app = arg;
    uint64_t now = now_of(app);

    if (life != app->life)
        return;
    if (app->input_at == 0)
        app->input_at = now;
    if (app->resting) {
        idle_end(app);
        app->due = app->started_at = now;
        draw(app);
    } else {
        plan(app);
    }
    sim_clock_at(&app->world->clock,
                 now + (uint64_t)sim_exponential(&app->events, SECOND / app->conf->inputs), input,
                 app, life);
}

static void withdraw(struct sim_app *app)
{
    app->waiting = false;
    app->page.withdrawn = app->page.asked;
    sim_kick_daemon(app);
}

static void burst(void *arg, uint64_t life)
{
    struct sim_app *app = arg;
    double mean;

    if (life != app->life)
        return;
    app->drawing_on = !app->drawing_on;
    mean = app->drawing_on ? app->conf->on_s : app->conf->off_s;
    if (!app->drawing_on && app->waiting)
        withdraw(app);
    plan(app);
    sim_clock_at(&app->world->clock,
                 now_of(app) + (uint64_t)sim_exponential(&app->events, mean * SECOND), burst, app,
                 life);
}

/* ---- life ---- */

void sim_worker_join(struct sim_app *app)
{
    app->page.asked = app->page.withdrawn = app->page.started = app->page.finished = 0;
    app->slot = now_of(app);
    app->held = app->page.flags & GS_GRANT_HOLD;
    if (app->conf->kind == SIM_OFFSCREEN)
        off_screen_fill(app, queue_of(app));
    else if (app->conf->kind == SIM_INPUT)
        input(app, app->life);
    else if (app->conf->kind == SIM_BURSTS)
        burst(app, app->life);
    else
        plan(app);
}

void sim_worker_leave(struct sim_app *app)
{
    idle_end(app);
    if (app->device->conf.kind == SIM_SOFTWARE)
        sim_device_hold(app->device, app->index, false);
    sim_device_drop(app->device, app->index, sim_work_forget);
    app->in_flight = app->starting = app->waiting = app->cpu_busy = app->cpu_ready = app->blocked =
        false;
    app->held = app->drawing_on = app->resting = false;
    app->encoding = 0;
    app->cost_left = 0;
    app->input_at = app->input_shown = 0;
    app->plan_tag++;
}
