/* SPDX-License-Identifier: GPL-2.0-or-later */
#include "client/stats.h"

#include <string.h>

#include "common/macros.h"

#define MIN_GAPS 5 /* before that many there is no average to speak of */
#define USUAL_GAP (33 * GS_NS_PER_MS)
#define FREEZE_MIN_EXTRA (150 * GS_NS_PER_MS)

/* Stage times travel as 16 bits of 10 µs; the largest value says "longer" (common/rtp.h). */
#define STAGE_LONGER (65535 * 10 * GS_NS_PER_US)

/* Indices into gs_picture_info.stages. */
enum {
    AT_GRANT,
    AT_CONVERT_START,
    AT_CONVERT_END,
    AT_ENCODE_START,
    AT_ENCODE_END,
    AT_FIRST_PACKET,
    AT_LAST_PACKET,
};

const char *const gs_stage_names[GS_STAGE_COUNT] = {
    "grant", "convert", "encode", "send", "network", "decode", "present",
};

void gs_stats_init(struct gs_stats *st, uint64_t start)
{
    memset(st, 0, sizeof(*st));
    st->start = start;
}

/* Unsigned, so that no time that a host claims can overflow. */
static uint64_t on_host_clock(const struct gs_stats *st, uint64_t ours)
{
    return ours + (uint64_t)st->offset;
}

/* What takes both clocks. sent: the last packet, host clock; 0: unknown. */
static void add_latency(struct gs_stats *st, uint64_t capture, uint64_t sent, uint64_t complete,
                        uint64_t decoded)
{
    if (sent && complete)
        gs_histogram_add(&st->stages[GS_STAGE_NETWORK],
                         (int64_t)(on_host_clock(st, complete) - sent));
    if (!capture)
        return;
    gs_histogram_add(&st->latency, (int64_t)(on_host_clock(st, decoded) - capture));
    gs_histogram_add(&st->recent_latency, (int64_t)(on_host_clock(st, decoded) - capture));
}

void gs_stats_set_offset(struct gs_stats *st, int64_t offset)
{
    st->offset_known = true;
    st->offset = offset;
    for (unsigned i = 0; i < st->n_early; i++)
        add_latency(st, st->early[i].capture, st->early[i].sent, st->early[i].complete,
                    st->early[i].decoded);
    st->n_early = 0;
}

void gs_stats_restart(struct gs_stats *st)
{
    st->last_id = 0;
    st->last_capture = 0;
    st->n_gaps = st->next_gap = 0;
    st->gap_sum = 0;
    st->n_inputs = 0;
}

static void add_gap(struct gs_stats *st, uint64_t gap)
{
    if (st->n_gaps == GS_STATS_GAPS)
        st->gap_sum -= st->gaps[st->next_gap];
    else
        st->n_gaps++;
    st->gaps[st->next_gap] = gap;
    st->gap_sum += gap;
    st->next_gap = (st->next_gap + 1) % GS_STATS_GAPS;
}

/*
 * The host captured n frames in the gap, of which only the last was decoded. When they were
 * captured is not known; at the usual pace they filled n average gaps, and what the gap between
 * captures has beyond that was stillness.
 */
static void count_gap(struct gs_stats *st, const struct gs_picture_info *info)
{
    uint64_t gap = info->decoded - st->last_decoded, avg, captured, still = 0;
    uint32_t n = info->frame_id - st->last_id;

    if (info->host_capture < st->last_capture || n == 0 || n > INT32_MAX) {
        gs_stats_restart(st); /* another worker counts from 1 again */
        return;
    }
    captured = info->host_capture - st->last_capture;
    avg = st->n_gaps < MIN_GAPS ? USUAL_GAP : st->gap_sum / st->n_gaps;
    if (captured > n * avg)
        still = captured - n * avg;
    gap -= GS_MIN(still, gap);
    if (st->n_gaps >= MIN_GAPS && gap >= GS_MAX(3 * avg, avg + FREEZE_MIN_EXTRA)) {
        st->freezes++;
        st->freeze_ns += gap;
    }
    add_gap(st, gap);
}

static void measure_gap(struct gs_stats *st, const struct gs_picture_info *info)
{
    uint32_t n = info->frame_id - st->row_id;
    uint64_t captured = info->host_capture - st->row_capture;

    if (st->row_capture > 0 && info->host_capture >= st->row_capture && n > 0 && n <= INT32_MAX) {
        if (captured <= n * GS_STATS_CLOSE)
            st->max_gap = GS_MAX(st->max_gap, info->decoded - st->last_decoded);
        else
            st->max_capture_gap = GS_MAX(st->max_capture_gap, captured / n);
    }
    st->row_id = info->frame_id;
    st->row_capture = info->host_capture;
}

static void add_host_stages(struct gs_stats *st, const uint64_t s[7])
{
    if (s[AT_GRANT] < STAGE_LONGER)
        gs_histogram_add(&st->stages[GS_STAGE_GRANT], (int64_t)s[AT_GRANT]);
    if (s[AT_CONVERT_END] < STAGE_LONGER)
        gs_histogram_add(&st->stages[GS_STAGE_CONVERT],
                         (int64_t)(s[AT_CONVERT_END] - s[AT_CONVERT_START]));
    if (s[AT_ENCODE_END] < STAGE_LONGER)
        gs_histogram_add(&st->stages[GS_STAGE_ENCODE],
                         (int64_t)(s[AT_ENCODE_END] - s[AT_ENCODE_START]));
    if (s[AT_LAST_PACKET] < STAGE_LONGER)
        gs_histogram_add(&st->stages[GS_STAGE_SEND],
                         (int64_t)(s[AT_LAST_PACKET] - s[AT_ENCODE_END]));
}

static void add_stages(struct gs_stats *st, const struct gs_picture_info *info)
{
    uint64_t last = info->stages[AT_LAST_PACKET], sent;

    /* A frame without that header extension has zeros. */
    if (last > 0)
        add_host_stages(st, info->stages);
    gs_histogram_add(&st->stages[GS_STAGE_DECODE], (int64_t)(info->decoded - info->decode_start));
    sent = last > 0 && last < STAGE_LONGER ? info->host_capture + last : 0;
    if (st->offset_known) {
        add_latency(st, info->host_capture, sent, info->complete, info->decoded);
    } else if (st->n_early < GS_STATS_EARLY) {
        st->early[st->n_early].capture = info->host_capture;
        st->early[st->n_early].sent = sent;
        st->early[st->n_early].complete = info->complete;
        st->early[st->n_early++].decoded = info->decoded;
    }
}

/* All inputs up to the frame's id have had their effect on it. */
static void answer_inputs(struct gs_stats *st, const struct gs_picture_info *info)
{
    while (st->n_inputs > 0) {
        unsigned i = st->first_input;
        uint64_t sent = st->inputs[i].sent;

        if ((int32_t)(info->input_id - st->inputs[i].id) < 0)
            return;
        if (info->decoded - sent <= GS_STATS_INPUT_TIMEOUT) {
            gs_histogram_add(&st->input_latency, (int64_t)(info->decoded - sent));
            gs_histogram_add(&st->recent_input, (int64_t)(info->decoded - sent));
        }
        st->first_input = (i + 1) % GS_STATS_INPUTS;
        st->n_inputs--;
    }
}

void gs_stats_decoded(struct gs_stats *st, const struct gs_picture_info *info)
{
    if (st->last_capture > 0)
        count_gap(st, info);
    measure_gap(st, info);
    add_stages(st, info);
    answer_inputs(st, info);
    if (st->frames_decoded++ == 0)
        st->first_decoded = info->decoded;
    st->last_decoded = info->decoded;
    st->last_id = info->frame_id;
    st->last_capture = info->host_capture;
}

void gs_stats_presented(struct gs_stats *st, const struct gs_picture_info *info)
{
    st->frames_presented++;
    gs_histogram_add(&st->stages[GS_STAGE_PRESENT], (int64_t)(info->presented - info->decoded));
}

void gs_stats_skipped(struct gs_stats *st)
{
    st->frames_skipped++;
}

void gs_stats_input(struct gs_stats *st, uint32_t id, uint64_t now)
{
    unsigned i = (st->first_input + st->n_inputs) % GS_STATS_INPUTS;

    if (st->n_inputs == GS_STATS_INPUTS)
        st->first_input = (st->first_input + 1) % GS_STATS_INPUTS;
    else
        st->n_inputs++;
    st->inputs[i].id = id;
    st->inputs[i].sent = now;
}

struct gs_stats_recent gs_stats_take_recent(struct gs_stats *st)
{
    const struct gs_stats_recent recent = {
        .latency_p50 = gs_histogram_percentile(&st->recent_latency, 50),
        .latency_p99 = gs_histogram_percentile(&st->recent_latency, 99),
        .input_p50 = gs_histogram_percentile(&st->recent_input, 50),
    };

    gs_histogram_reset(&st->recent_latency);
    gs_histogram_reset(&st->recent_input);
    return recent;
}

double gs_stats_fps(const struct gs_stats *st)
{
    if (st->frames_decoded < 2 || st->last_decoded <= st->first_decoded)
        return 0;
    return (double)(st->frames_decoded - 1) * GS_NS_PER_S /
           (double)(st->last_decoded - st->first_decoded);
}
