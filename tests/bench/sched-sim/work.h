/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Jobs of an application and its worker, and what its frames cost. */
#pragma once

#include "tests/bench/sched-sim/world.h"

struct sim_work {
    struct sim_job job; /* first */
    struct sim_app *app;
    uint64_t life;
};

/* Frees itself by sim_work_end, or sim_work_forget. ns: of work. */
struct sim_job *sim_work_new(struct sim_app *app, double ns, void (*on_done)(struct sim_job *));
void sim_work_forget(struct sim_job *job);
/* Whose job that was; NULL: it is gone. */
struct sim_app *sim_work_end(struct sim_job *job);
/* ns that its next frame costs. */
double sim_work_cost(struct sim_app *app);
