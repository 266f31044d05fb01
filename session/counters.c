/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "session/counters.h"

#include "common/log.h"

static void add_stages(struct gs_counters *c, const struct gs_frame_trace *t)
{
    const uint64_t spent[GS_WORKER_STAGES] = {
        [GS_WORKER_GRANT] = t->grant - t->commit,
        [GS_WORKER_CONVERT] = t->convert_end - t->convert_start,
        [GS_WORKER_ENCODE] = t->encode_end - t->encode_start,
        [GS_WORKER_SEND] = t->last_packet - t->encode_end,
        [GS_WORKER_TOTAL] = t->last_packet - t->commit,
    };

    for (unsigned i = 0; i < GS_WORKER_STAGES; i++)
        gs_stage_histogram_add(&c->stages[i], spent[i]);
    gs_histogram_add(&c->latency, (int64_t)spent[GS_WORKER_TOTAL]);
}

void gs_counters_frame(struct gs_counters *c, const struct gs_frame_trace *t, bool keyframe,
                       bool refined)
{
    c->keyframes += keyframe;
    if (refined) {
        c->refined++;
    } else {
        c->frames++;
        add_stages(c, t);
    }
    gs_trace("frame %u: convert %.2f ms, encode %.2f ms, commit to sent %.2f ms", t->frame_id,
             (double)(t->convert_end - t->convert_start) / 1e6,
             (double)(t->encode_end - t->encode_start) / 1e6,
             (double)(t->last_packet - t->commit) / 1e6);
}
