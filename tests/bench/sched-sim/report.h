/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Results as text, as JSON, and as charts for tests/bench/sched/plot.py. */
#pragma once

#include <stdio.h>

#include <jansson.h>

#include "common/macros.h"
#include "tests/bench/sched-sim/metrics.h"

/* One scenario under one policy. */
struct sim_result {
    const struct sim_scenario *scenario;
    enum gs_sched_policy policy;
    struct sim_metrics metrics;
    json_t *shares; /* series of the first seed: share over time of each session */
};

void sim_report_text(FILE *to, struct sim_result *results, unsigned n);
json_t *sim_report_json(struct sim_result *results, unsigned n);
/* Of a run: [{"name": …, "points": [[s, percent], …]}, …] */
json_t *sim_report_shares(const struct sim_world *w);
/* Draws into dir; -errno or, of plot.py, -EIO: it has said why. */
int sim_report_svg(struct sim_result *results, unsigned n, const char *dir) GS_MUST_CHECK;
