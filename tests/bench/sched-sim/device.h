/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A device that draws. A GPU: each engine works off one job after the other and never stops one;
 * its driver takes them in the order of their coming, or each client in turn. Software: the
 * processors work on all jobs at once, each thread gets as much as every other; or each owner by
 * its weight, and its threads the same.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "tests/bench/sched-sim/clock.h"

#define SIM_OWNERS_MAX 64

enum sim_device_kind {
    SIM_GPU,
    SIM_SOFTWARE,
};

struct sim_device_conf {
    enum sim_device_kind kind;
    unsigned engines; /* or processors; 1 … */
    unsigned depth;   /* what the policy is told; 0: it chooses */
    bool in_turn;     /* the driver takes clients in turn, and not jobs as they come */
    bool weighed;     /* software: owners have weights, as control groups do */
};

struct sim_job {
    unsigned owner; /* < SIM_OWNERS_MAX */
    double left;    /* ns of work */
    unsigned threads;
    bool urgent;    /* of a context with high priority: before all others that wait */
    bool stoppable; /* stands still while its owner is held (software) */
    bool begun;
    double rate;
    void (*on_begun)(struct sim_job *job); /* optional; first work on it */
    void (*on_done)(struct sim_job *job);  /* the job is the callee's again */
    void *user;
};

struct sim_device {
    struct sim_device_conf conf;
    struct sim_clock *clock;
    GPtrArray *jobs; /* as they came */
    unsigned last_owner;
    uint64_t as_of, tag;
    double used[SIM_OWNERS_MAX]; /* ns, as of as_of */
    bool held[SIM_OWNERS_MAX];
    unsigned weight[SIM_OWNERS_MAX]; /* 0: 100 */
};

void sim_device_init(struct sim_device *d, const struct sim_device_conf *conf,
                     struct sim_clock *clock);
/* All owners were dropped before. */
void sim_device_finish(struct sim_device *d);
/* Borrows the job until on_done. */
void sim_device_submit(struct sim_device *d, struct sim_job *job);
void sim_device_hold(struct sim_device *d, unsigned owner, bool hold);
/* Its part from now on, beside the others'. */
void sim_device_weigh(struct sim_device *d, unsigned owner, unsigned weight);
/* The owner is gone, and so is what has not begun on a GPU, and everything in software. A job that
 * goes on has no callbacks any more; forget: for each that was dropped. */
void sim_device_drop(struct sim_device *d, unsigned owner, void (*forget)(struct sim_job *job));
/* ns of all engines together, up to now. */
double sim_device_used(struct sim_device *d, unsigned owner);
