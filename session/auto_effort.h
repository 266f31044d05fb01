/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Gives an encoder the effort that the machine can spare (session/effort.h, session/idle.h).
 * Thread: the encoder's. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "common/trace.h"
#include "encoder/encoder.h"
#include "session/effort.h"
#include "session/idle.h"

struct gs_auto_effort {
    struct gs_effort effort;
    struct gs_idle idle;
};

/* effort: a fixed one, or GS_EFFORT_AUTO. Also anew, for other settings. */
void gs_auto_effort_init(struct gs_auto_effort *a, uint32_t fps, int effort);
/* A picture was encoded, that became so large. */
void gs_auto_effort_encoded(struct gs_auto_effort *a, struct gs_encoder *enc,
                            const struct gs_frame_trace *t, size_t bytes);
