/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A decoded picture on its way from the decoder to the presenter, reference counted. Any thread. */
#pragma once

#include <stdint.h>

struct AVFrame;

/* What the host and the client wrote down about this frame. Client times are the client's
 * CLOCK_MONOTONIC, host times the host's, all in ns. */
struct gs_picture_info {
    uint32_t frame_id, input_id;
    uint64_t host_capture; /* commit, host clock */
    /* Stage times after the capture, ns: grant, convert start/end, encode start/end, first packet,
     * last packet. */
    uint64_t stages[7];
    uint64_t first_packet, complete; /* client clock: first packet arrived, frame whole */
    uint64_t decode_start, decoded, presented;
    uint32_t bytes;
};

struct gs_picture {
    struct AVFrame *frame; /* YUV420P, YUVJ420P or NV12 with the decoder's strides */
    struct gs_picture_info info;
    _Atomic int refs;
};

/* Takes the frame. */
struct gs_picture *gs_picture_create(struct AVFrame *frame, const struct gs_picture_info *info);
struct gs_picture *gs_picture_ref(struct gs_picture *pic);
/* Accepts NULL. */
void gs_picture_unref(struct gs_picture *pic);
