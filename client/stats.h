/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the client measures about a session, frame by frame: pure, time is an argument, one owner
 * (who locks, where several threads report). stats_report.h turns it into JSON and text.
 *
 * Freezes follow WebRTC's rule (W3C webrtc-stats, freezeCount): a gap between decoded frames of at
 * least max(3 × average, average + 150 ms). A screen that stands still sends nothing, which is no
 * freeze: from each gap the time in which the host had captured nothing new is taken off.
 *
 * Input latency: from the sending of a press, a motion or a wheel step to the first decoded frame
 * that was drawn after it. Releases are left out, for most of them draw nothing; so is an input
 * that no frame followed within GS_STATS_INPUT_TIMEOUT.
 *
 * Gaps: two frames decoded one after the other lie n apart, where n is the step of their ids (more
 * than 1 when frames between them were lost). When the host captured those n at most
 * GS_STATS_CLOSE apart on average, it had something to show all the time, and the time between
 * the decoding of the two counts for max_gap; else that average counts for max_capture_gap, for the
 * host or the application stood still. So where both are at most GS_STATS_CLOSE, no picture ever
 * stood longer. Reconnecting does not end a row of frames; a host whose ids or clock begin anew
 * does.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "client/picture.h"
#include "common/clock.h"
#include "common/histogram.h"

#define GS_STATS_INPUT_TIMEOUT GS_NS_PER_S
#define GS_STATS_GAPS 30 /* gaps that the average is taken of, as in WebRTC */
#define GS_STATS_CLOSE (100 * GS_NS_PER_MS)
#define GS_STATS_EARLY 64
#define GS_STATS_INPUTS 256 /* waiting for their frame */

enum gs_stage {
    GS_STAGE_GRANT,   /* commit → let into the pipeline */
    GS_STAGE_CONVERT, /* duration */
    GS_STAGE_ENCODE,  /* duration */
    GS_STAGE_SEND,    /* encoded → last packet handed to the kernel */
    GS_STAGE_NETWORK, /* last packet sent → frame whole at the client */
    GS_STAGE_DECODE,  /* duration */
    GS_STAGE_PRESENT, /* decoded → handed to the display */
    GS_STAGE_COUNT,
};

extern const char *const gs_stage_names[GS_STAGE_COUNT];

struct gs_stats {
    uint64_t start; /* of the program, our clock */
    uint64_t frames_decoded, frames_presented, frames_skipped;
    uint64_t first_decoded, last_decoded; /* our clock, 0: none */
    uint64_t freezes, freeze_ns;
    uint64_t max_gap, max_capture_gap; /* ns */
    struct gs_histogram latency, input_latency, stages[GS_STAGE_COUNT];
    struct gs_histogram recent_latency, recent_input; /* since gs_stats_take_recent */

    bool offset_known;
    int64_t offset; /* host clock minus ours */
    /* Decoded before the offset was known: counted as soon as it is. */
    struct {
        uint64_t capture, sent; /* host clock; 0: unknown */
        uint64_t complete, decoded;
    } early[GS_STATS_EARLY];
    unsigned n_early;

    uint32_t last_id; /* of the frame decoded last */
    uint64_t last_capture;
    uint32_t row_id; /* the same over all streams */
    uint64_t row_capture;
    uint64_t gaps[GS_STATS_GAPS], gap_sum;
    unsigned n_gaps, next_gap;

    struct {
        uint32_t id;
        uint64_t sent;
    } inputs[GS_STATS_INPUTS];
    unsigned first_input, n_inputs;
};

/* start: when the program began. */
void gs_stats_init(struct gs_stats *st, uint64_t start);
void gs_stats_set_offset(struct gs_stats *st, int64_t offset);
/* The stream begins anew: the gap to the frame before means nothing. */
void gs_stats_restart(struct gs_stats *st);
/* Once per decoded frame, in order; info.decoded is the time. */
void gs_stats_decoded(struct gs_stats *st, const struct gs_picture_info *info);
/* A picture was shown; info.presented is the time. */
void gs_stats_presented(struct gs_stats *st, const struct gs_picture_info *info);
/* A decoded picture was replaced by a newer one before it could be shown. */
void gs_stats_skipped(struct gs_stats *st);
/* An input record was sent at `now` that may change the picture. Ids count up. */
void gs_stats_input(struct gs_stats *st, uint32_t id, uint64_t now);
/* Percentiles since the last call, ns; 0: nothing was measured. */
struct gs_stats_recent {
    uint64_t latency_p50, latency_p99, input_p50;
};
struct gs_stats_recent gs_stats_take_recent(struct gs_stats *st);
/* Decoded frames per second from the first to the last; 0 with fewer than two. */
double gs_stats_fps(const struct gs_stats *st);
