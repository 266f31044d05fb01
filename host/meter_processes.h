/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The processes of one session: what is in its control groups, or, where it has none, what descends
 * from its keeper (proc(5), /proc/PID/task/TID/children). Who was found once belongs to it until it
 * ends, whoever its parent is by then. Thread: the scheduler's.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "host/meter.h"

#define GS_METER_PROCESSES_MOST 4096

struct gs_meter_process {
    pid_t pid;
    uint64_t start_time; /* host/process_stat.h */
    bool is_new;         /* it began after this object was made, and not before */
    /* Processor time of children that it waited for, and theirs, ns: until it was found (0 where it
     * is new), and since. */
    uint64_t reaped_base, reaped;
    /* The meter's own. */
    uint64_t base, used;
    bool alive; /* of this module */
};

struct gs_meter_processes;

struct gs_meter_processes_listener {
    void (*came)(void *user, struct gs_meter_process *p);
    void (*went)(void *user, struct gs_meter_process *p); /* it is forgotten afterwards */
};

/* Knows nobody before the first look. params are borrowed for that time alone. */
struct gs_meter_processes *gs_meter_processes_create(const struct gs_meter_params *params);
/* Accepts NULL. */
void gs_meter_processes_destroy(struct gs_meter_processes *ps);
void gs_meter_processes_look(struct gs_meter_processes *ps,
                             const struct gs_meter_processes_listener *listener, void *user);
unsigned gs_meter_processes_count(const struct gs_meter_processes *ps);
struct gs_meter_process *gs_meter_processes_at(const struct gs_meter_processes *ps, unsigned i);
/* NULL: not of this session. */
struct gs_meter_process *gs_meter_processes_find(const struct gs_meter_processes *ps, pid_t pid);
/* Processor time of processes that ended and were waited for, ns, as far as those that live know of
 * it: since they were found, but with all that a process had used before that was found and ended.
 * It may go back. Without control groups. */
uint64_t gs_meter_processes_reaped(const struct gs_meter_processes *ps);
