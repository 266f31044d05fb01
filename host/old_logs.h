/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Folders of logs, DIR/USER/SESSION: those of sessions that ended go, the oldest first. */
#pragma once

#include <stdbool.h>

#define GS_OLD_LOGS_MAX 200

/* Keeps the newest ones of those that are not in use; returns how many it removed. Main thread. */
unsigned gs_old_logs_prune(const char *dir, unsigned keep,
                           bool (*in_use)(void *user, const char *path), void *user);
