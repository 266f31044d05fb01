/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A session of the fake worker with a real keeper, and the test as its host. The default main
 * context turns while something is waited for. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/worker.h"

struct keeper_rig {
    char *dir; /* of all that follows */
    struct gs_keeper_config keeper;
    struct gs_worker_config config; /* argv: of a "true MODE PIDFILE" */
    char *argv[4];
    unsigned hang_ms;
    bool foreign; /* the test set another program */
    struct gs_worker *worker;
    /* What was heard. */
    bool ready, gone, hung;
    unsigned n_stats, n_data;
    struct gs_worker_stats stats;
    char *why; /* NULL: in order */
    bool has_exit;
    struct gs_keeper_exit exit;
};

/* Fills in what suits most tests: logs and exit file in dir, 2 s to stop. */
void keeper_rig_init(struct keeper_rig *r, const char *mode);
/* Starts it; waits until it is ready, or gone. */
void keeper_rig_start(struct keeper_rig *r);
void keeper_rig_fill_params(struct keeper_rig *r, struct gs_worker_params *ret);
/* Turns the loop until *flag; fails the test when that takes too long. */
void keeper_rig_wait(const bool *flag);
void keeper_rig_wait_for(bool (*done)(struct keeper_rig *r), struct keeper_rig *r);
/* Line n of what the fake worker wrote down: its id, its display, its children. */
int keeper_rig_number(const struct keeper_rig *r, unsigned n);
/* A file of log_dir, for g_free. "" where it is missing. */
char *keeper_rig_log(const struct keeper_rig *r, const char *name);
/* gone was heard, or the test destroyed the worker and forgot it; checks that the keeper's file
 * says the same, and that nothing is left but logs. */
void keeper_rig_finish(struct keeper_rig *r);
