/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What a process that a test started, or one below it, does now: by /proc. Any thread. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct child {
    pid_t pid;
    char state;     /* as in proc(5) */
    uint64_t ticks; /* of processor time */
};

/* The first of that name, "(name)". parent 0: any. */
bool child_find(const char *name, pid_t parent, struct child *ret);
