/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Settings of a session that the host may change, as values. Pure; any thread. */
#pragma once

#include <stdbool.h>

#include "common/link.h"

/* Those that `more` names replace those of `set`. */
void gs_settings_add(struct gs_worker_set *set, const struct gs_worker_set *more);
/* Writes them into a configuration. */
void gs_settings_apply(const struct gs_worker_set *set, struct gs_worker_config *config);

/* What of a running session another configuration touches. */
struct gs_settings_difference {
    bool fps, rate, quality, effort, unwatched;
};

struct gs_settings_difference gs_settings_compare(const struct gs_worker_config *a,
                                                  const struct gs_worker_config *b);
