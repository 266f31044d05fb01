/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How much of the processors that this process may use is idle: those of its affinity mask by
 * /proc/stat (proc(5)), and what its control groups leave of their limits, by cpu.max and cpu.stat
 * (Linux, Documentation/admin-guide/cgroup-v2.rst). One owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GS_IDLE_EVERY_MS 500

struct gs_idle_times {
    uint64_t idle, total; /* clock ticks of all processors in the mask together */
};

struct gs_idle_limit {
    uint64_t quota, period; /* µs; quota UINT64_MAX: no limit */
};

struct gs_idle {
    uint64_t at; /* ns; of the last measure, 0: none */
    struct gs_idle_times times;
    uint64_t usage;  /* µs of the control group */
    char group[512]; /* folder of the nearest control group with a limit; "": none has one */
    bool looked;     /* for that group */
};

/* The text of /proc/stat. mask(cpu) says which count. false: no such lines. */
bool gs_idle_parse_stat(const char *text, bool (*mask)(unsigned cpu, void *user), void *user,
                        struct gs_idle_times *ret);
/* The text of cpu.max, and usage_usec of cpu.stat. */
bool gs_idle_parse_limit(const char *text, struct gs_idle_limit *ret);
bool gs_idle_parse_usage(const char *text, uint64_t *ret);

/* Zeroed at first. true: *ret is the share since the last measure, 0 … 1. false: it is too early
 * for the next (the first has nothing to compare with), or it cannot be known. */
bool gs_idle_measure(struct gs_idle *idle, uint64_t now, double *ret);
