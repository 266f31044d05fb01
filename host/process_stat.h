/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the system says of a process: proc(5), /proc/PID/stat. Any thread. */
#pragma once

#include <stdint.h>
#include <sys/types.h>

#include "common/macros.h"

struct gs_process_stat {
    pid_t parent;
    uint64_t start_time; /* in ticks since the system started: with the id it names one for good */
    uint64_t reaped;     /* ticks of processor time of children that were waited for, and theirs */
};

/* 0; -ESRCH: there is none; -EBADMSG. */
int gs_process_stat(pid_t pid, struct gs_process_stat *ret) GS_MUST_CHECK;
/* The text of such a file. -EBADMSG. */
int gs_process_stat_parse(const char *text, struct gs_process_stat *ret) GS_MUST_CHECK;
