/* SPDX-License-Identifier: GPL-2.0-or-later */
#include <stddef.h>

#include "host/scheduler.h"

const char *const gs_sched_policy_names[] = {"shares",      "best-effort", "equal", "fixed",
                                             "frame-limit", "sleep",       "off",   NULL};
