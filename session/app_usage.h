/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the processes below this one use: the application's, and Xwayland's, which works for it.
 * Found by the lists of children in /proc (proc(5); a kernel without CONFIG_PROC_CHILDREN has none,
 * then all is 0), so that the cost does not depend on what else runs. Thread: main.
 */
#pragma once

#include <stdint.h>

#define GS_APP_PROCESSES_MOST 128 /* are looked at; so are their threads, for children */
#define GS_APP_THREADS_MOST 512

struct gs_app_usage {
    uint64_t cpu_us; /* with those that ended and were waited for; never goes back */
    uint64_t rss_kb; /* what processes share is counted in each */
};

/* usage: what was found the last time, zeroed at first. */
void gs_app_usage_measure(struct gs_app_usage *usage);
