/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A process that says checks on its stdout, and may crash, hang or babble. Main thread. */
#pragma once

#include "common/check.h"

struct gs_doctor_child {
    const char *program; /* run with --doctor; NULL: run() instead, in a process of its own */
    void (*run)(void);
    unsigned timeout_ms;
    void (*check)(void *user, const struct gs_check *check);
    void *user;
};

/* Gives its checks to the callback as they come. NULL: it ended in order; else what it did, a
 * predicate: "crashed (SIGSEGV)"; for g_free. */
char *gs_doctor_child_run(const struct gs_doctor_child *child);
