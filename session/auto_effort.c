/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/auto_effort.h"

#include <glib.h>

#include "common/log.h"

void gs_auto_effort_init(struct gs_auto_effort *a, uint32_t fps, int effort)
{
    gs_effort_init(&a->effort, fps, effort);
}

void gs_auto_effort_encoded(struct gs_auto_effort *a, struct gs_encoder *enc,
                            const struct gs_frame_trace *t, size_t bytes)
{
    uint32_t effort;
    double idle;
    int err;

    if (!a->effort.automatic)
        return;
    if (gs_idle_measure(&a->idle, t->encode_end, &idle))
        gs_effort_set_idle(&a->effort, idle);
    effort = gs_effort_encoded(&a->effort, t->encode_end - t->encode_start, bytes, t->encode_end);
    if (effort == enc->params.effort)
        return;
    err = gs_encoder_set_effort(enc, effort);
    if (err < 0)
        a->effort.automatic = false;
    gs_debug("encoder effort %u: %s", effort, err < 0 ? g_strerror(-err) : "from here on");
}
