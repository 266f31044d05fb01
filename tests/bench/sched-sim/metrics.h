/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What runs of one scenario under one policy say, all seeds together. Truth is what the simulated
 * device did, and never what the policy believes.
 *
 * Share error: |u / sum of u - w / sum of w| in points, over the sessions of a device that wanted
 * more all the time (98 % of the window), could use a quarter more than their share, and have
 * neither floor nor cap; of a window, the largest. Beside sessions that cheat, only what the others
 * lack is an error. Windows begin every 100 ms, from 5 s on, and 0.5
 * s after each join, leave or change, and contain none.
 */
#pragma once

#include <glib.h>
#include <stdbool.h>

#include "tests/bench/sched-sim/world.h"

enum sim_window {
    SIM_1S,
    SIM_5S,
    SIM_10S,
    SIM_N_WINDOWS,
};

extern const unsigned sim_window_s[SIM_N_WINDOWS];

/* Arrays of float. */
struct sim_metrics {
    GArray *error[SIM_N_WINDOWS];           /* points */
    GArray *min_max;                        /* of u/w, over 10 s */
    GArray *jain;                           /* of u/w, over 10 s */
    GArray *start_ms, *drawn_ms, *input_ms; /* the first two without SIM_GREEDY */
    GArray *settle_s; /* after each join, leave and change: from when on all windows of 1 s keep
                       * SIM_SETTLED points */
    GArray *spread;   /* points between the most and the least used device, over 10 s */
    unsigned floor_windows, floor_missed; /* of 1 s; less than 95 % of the floor's frames */
    unsigned cap_windows, cap_missed;     /* of 1 s; more than the cap and 2 points */
    double used, could;                   /* ns */
    uint64_t starved, liberties, lapsed;
    unsigned runs;
};

#define SIM_SETTLED 5.0

void sim_metrics_init(struct sim_metrics *m);
void sim_metrics_finish(struct sim_metrics *m);
void sim_metrics_add(struct sim_metrics *m, struct sim_world *w);

/* part: 0.99 for p99; sorts the array. NAN of none. */
double sim_quantile(GArray *values, double part);
/* In percent; NAN where there was nothing to count. */
double sim_floors_missed(const struct sim_metrics *m);
double sim_caps_missed(const struct sim_metrics *m);
double sim_utilisation(const struct sim_metrics *m);
