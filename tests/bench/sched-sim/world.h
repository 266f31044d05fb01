/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A run of a scenario: applications and their workers (worker.c) on devices (device.h), the daemon
 * with the real policy (daemon.c: host/scheduler.h), and between them pages of shared memory, seen
 * at once by both sides, and wake-ups that take their time. What happened is recorded.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "host/scheduler.h"
#include "tests/bench/sched-sim/clock.h"
#include "tests/bench/sched-sim/device.h"
#include "tests/bench/sched-sim/random.h"
#include "tests/bench/sched-sim/scenario.h"

#define SIM_STEP (10 * GS_NS_PER_MS) /* between samples */

/* As common/grant_page.h. */
struct sim_page {
    uint32_t flags, granted, max_fps;             /* of the daemon */
    uint32_t asked, withdrawn, started, finished; /* of the worker */
};

/* What is known of one session, at each step. */
struct sim_sample {
    double used;  /* ns of the device, since the beginning */
    double idle;  /* ns in which it wanted nothing */
    float weight; /* 0: not there */
    float floor_fps;
    uint32_t frames; /* drawn */
    bool policed;
};

struct sim_record {
    struct sim_sample *sample; /* n_steps */
    GArray *start_ms;          /* float: from when a frame was due to its first work on the device,
                                * less the application's own time */
    GArray *drawn_ms;          /* float: from when a frame was due until it was drawn */
    GArray *input_ms;          /* float: from an input to a frame that shows it */
    unsigned device;
};

struct sim_world;

struct sim_app {
    struct sim_world *world;
    const struct sim_app_conf *conf;
    unsigned index;
    struct sim_random random, events; /* of its costs; of what happens to it */
    struct sim_device *device;
    struct sim_record record;
    bool present;
    uint64_t life; /* counts up with each join and leave: events of before are void */

    /* The page, and how it is looked at. */
    struct sim_page page;
    bool host_kicked, worker_kicked;
    uint64_t last_up, last_down; /* when the last wake-up arrives */

    /* The worker and its application. */
    bool drawing_on; /* SIM_BURSTS: it draws */
    bool waiting, in_flight, starting, reported, held, blocked;
    bool resting; /* it may draw, and has nothing to */
    bool cpu_busy, cpu_ready;
    unsigned encoding;
    uint64_t slot, due, plan_tag, started_at, handed_over;
    bool idle;
    uint64_t idle_since, idle_until; /* of now; then it is held up by somebody else */
    double idle_ns;
    double cost_left;               /* ns of the next frame; 0: not thrown yet */
    unsigned burst_left;            /* frames that are still dear */
    uint64_t input_at, input_shown; /* oldest that waits; oldest in the frame in flight; 0: none */
    uint32_t drawn;

    /* The daemon. */
    struct gs_sched_session *session;
    struct gs_sched_settings settings;
    uint32_t seen_asked, seen_started, seen_finished;
    bool granted, drawing; /* and has not started; started, and is not finished */
    double meter, meter_raw;
    uint64_t charged, read_at;
    struct sim_random meter_random;
};

struct sim_world {
    const struct sim_scenario *scenario;
    struct sim_clock clock;
    struct sim_device device[GS_SCHED_DEVICES_MAX];
    struct sim_app app[SIM_APPS_MAX];
    struct gs_sched *sched;
    struct gs_sched_group *group[SIM_GROUPS_MAX];
    uint64_t due_tag;
    struct sim_random random; /* of wake-ups */
    unsigned n_steps, step;
};

/* Runs all of it. */
void sim_world_run(struct sim_world *w, const struct sim_scenario *scenario,
                   enum gs_sched_policy policy, uint64_t seed);
void sim_world_finish(struct sim_world *w);

/* ---- worker.c ---- */

void sim_worker_join(struct sim_app *app);
void sim_worker_leave(struct sim_app *app);
/* The daemon woke it up. */
void sim_worker_look(struct sim_app *app);
/* ns in which it wanted nothing, up to now. */
double sim_worker_idle(const struct sim_app *app);

/* ---- daemon.c ---- */

void sim_daemon_init(struct sim_world *w, enum gs_sched_policy policy);
void sim_daemon_finish(struct sim_world *w);
void sim_daemon_join(struct sim_app *app);
void sim_daemon_leave(struct sim_app *app);
void sim_daemon_change(struct sim_app *app, const struct sim_change *change);
/* A worker woke it up. */
void sim_daemon_look(struct sim_app *app);
/* Wake-ups, which take a while: half of a grant's round trip, 60 µs at p50, 200 at p99. */
void sim_kick_daemon(struct sim_app *app);
void sim_kick_worker(struct sim_app *app);
