/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Reports of workers that died: how, and the last lines of what worker and application said. The
 * newest ones are kept. Main thread. */
#pragma once

#include <stdint.h>

#include "common/macros.h"

#define GS_CRASHES_PER_SESSION 20
#define GS_CRASHES_MAX 200
#define GS_CRASH_LINES 40

/* dir: of all reports; made where it is missing. how: a predicate ("was killed by SIGSEGV").
 * log_dir: with worker.log and app.log. time_us: since 1970. 0 with the report's path in *ret for
 * g_free; -errno. */
int gs_crash_write(const char *dir, const char *session, const char *user, const char *how,
                   const char *log_dir, int64_t time_us, char **ret) GS_MUST_CHECK;

/* Bytes of worker.log. */
uint64_t gs_crash_log_size(const char *log_dir);
/* The text of the last error in worker.log behind the first `from` bytes; NULL: none. For g_free.
 */
char *gs_crash_last_error(const char *log_dir, uint64_t from);
