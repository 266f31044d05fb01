/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the pipeline counts, from its start. Thread: main. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "common/histogram.h"
#include "common/link.h"
#include "common/trace.h"

struct gs_counters {
    uint64_t commits, frames, refined, keyframes;
    uint64_t unsent;                                    /* encoded, but the transport failed */
    uint64_t gpu_ns;                                    /* of our own passes; session/convert.h */
    struct gs_stage_histogram stages[GS_WORKER_STAGES]; /* of frames, not of refined ones */
    struct gs_histogram latency; /* commit → last packet; emptied by whoever reads it */
};

/* A frame whose trace is complete. refined: a picture at rest, encoded again. */
void gs_counters_frame(struct gs_counters *c, const struct gs_frame_trace *t, bool keyframe,
                       bool refined);
