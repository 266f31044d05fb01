/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Questions to /proc about the processes below this one. Thread: any; blocking, but short. */
#pragma once

#include <glib.h>
#include <stdbool.h>
#include <sys/types.h>

/* pid_t of every process below this one that is no zombie. skip: a child that is left out with all
 * below it (0: none), as is Xwayland unless asked for. Caller unrefs. */
GArray *gs_process_descendants(pid_t skip, bool with_xwayland);
/* Reaps dead children, but not those that somebody else waits for (0: none). */
void gs_process_reap(pid_t keep, pid_t keep_too);
void gs_process_kill(const GArray *pids, int sig);
