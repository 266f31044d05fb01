/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Runs of scenarios under policies with many seeds. */
#pragma once

#include <stdio.h>

#include "tests/bench/sched-sim/report.h"

struct sim_study {
    unsigned seconds, seeds;
    uint64_t first_seed;
    const char *scenario; /* name with * and ?, or "random-SEED"; NULL: all */
    unsigned policies;    /* 1 << enum gs_sched_policy … */
    FILE *sessions;       /* a line for each session of the first seed; NULL: none */
};

/* Results in the order of scenarios, then policies; NULL: no scenario has that name. */
struct sim_result *sim_study_run(const struct sim_study *study, unsigned *ret_n);
/* Of one scenario, borrowed. */
void sim_study_one(const struct sim_study *study, const struct sim_scenario *scenario,
                   enum gs_sched_policy policy, struct sim_result *ret);
void sim_study_free(struct sim_result *results, unsigned n);
/* What is in one, without its storage. */
void sim_result_finish(struct sim_result *r);
/* Random scenarios, one for each seed: prints the worst. Of the first policy. */
void sim_study_search(const struct sim_study *study, unsigned n, FILE *to);
