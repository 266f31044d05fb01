/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The part of host/metrics.h that is about sharing GPUs and is no row of its tables. Pure. */
#pragma once

#include <glib.h>

#include "host/metrics.h"

void gs_metrics_put_devices(GString *out, const struct gs_metrics *m);
/* Who caused misses: at most GS_SCHED_CULPRITS_MAX for each session, the rest is "(other)". */
void gs_metrics_put_misses(GString *out, const struct gs_metrics *m);
