/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Walking an H.264 Annex B byte stream, and the few SPS fields that gpushare promises: reading
 * them, and writing them where an encoder does not (ITU-T H.264, 7.3.1, 7.3.2.1, Annex B, Annex E).
 * Pure; any thread. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/macros.h"

enum gs_nal_type {
    GS_NAL_SLICE = 1,
    GS_NAL_IDR = 5,
    GS_NAL_SEI = 6,
    GS_NAL_SPS = 7,
    GS_NAL_PPS = 8,
    GS_NAL_AUD = 9,
};

struct gs_nal {
    const uint8_t *data; /* header byte first, no start code */
    size_t size;
    uint8_t type;
};

/* Iterates: *pos starts at 0. false at the end. Three and four byte start codes; trailing zeros
 * belong to no NAL unit. */
bool gs_h264_next_nal(const uint8_t *data, size_t size, size_t *pos, struct gs_nal *ret);

#define GS_H264_SPS_MAX 1024 /* bytes; no SPS that makes sense is longer */

struct gs_h264_sps {
    uint8_t profile, level;
    uint32_t log2_max_frame_num;
    bool gaps_allowed;      /* in frame_num: pictures may be missing */
    uint32_t width, height; /* after cropping */
    uint32_t max_num_ref_frames;
    bool has_colour; /* colour description present */
    uint8_t primaries, transfer, matrix;
    bool full_range;
    bool has_chroma_loc;
    uint8_t chroma_loc_top;
    bool has_bitstream_restriction;
    uint32_t max_num_reorder_frames, max_dec_frame_buffering;
};

/* nal without start code. 0 or -EBADMSG, *ret untouched. */
int gs_h264_parse_sps(const uint8_t *nal, size_t size, struct gs_h264_sps *ret) GS_MUST_CHECK;

/* Whether it says what gpushare's streams are: BT.709, limited range, chroma sited left, pictures
 * in the order in which they come. */
bool gs_h264_sps_tells_all(const struct gs_h264_sps *sps);
/* The same SPS with the VUI fields changed until it tells all; everything else is kept bit by bit.
 * nal and out without start code. The size of out; -EBADMSG; -ENOSPC. */
int gs_h264_complete_sps(const uint8_t *nal, size_t size, uint8_t *out,
                         size_t capacity) GS_MUST_CHECK;
