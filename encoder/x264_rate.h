/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The quantizer of every picture: constant quality under a rate limit, from the sizes of the
 * pictures before, without looking at pixels. x264's own rate control analyses a reduced copy of
 * every picture for that, which took as long as half of the encoding.
 *
 * Quality: the wish is for pictures in which little moves; where much moves, the eye forgives, and
 * the quantizer rises by up to 3. Limit: a bucket of max(50 ms, 1.5 frames) that fills at the rate
 * and holds what may be sent at once. A picture that came out larger than the bucket is encoded
 * again; so the limit holds, as long as quantizer 51 fits. Only a picture that betters one at rest,
 * when the bucket is full, may take more, and is paid back before the next.
 *
 * Pure: time is an argument (CLOCK_MONOTONIC, ns). One owner.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#define GS_X264_QP_MAX 51

/* Means over the pictures before, in bits × quantizer step for a macroblock. */
struct gs_x264_complexity {
    double mean, last;
};

struct gs_x264_rate {
    uint32_t macroblocks, fps, max_kbps, quality;
    struct gs_x264_complexity inter, intra;
    double room;     /* bits that may be sent at once; negative after a picture that did not fit */
    uint64_t filled; /* when room was right */
    int last_qp;     /* of the last picture sent; 0: none yet */
    double refine;   /* bits that a step down takes */
    bool rest;       /* the picture begun only betters the one before, and the line is free */
};

void gs_x264_rate_init(struct gs_x264_rate *r, uint32_t width, uint32_t height, uint32_t fps,
                       uint32_t quality);
/* From the next picture on. 0: no limit. */
void gs_x264_rate_set_limit(struct gs_x264_rate *r, uint32_t max_kbps);
/* The quantizer for the next picture, 1 … 51, and the bucket filled up to now: by the time since
 * the last picture, or by that of a frame when less has passed. quality: instead of the usual one;
 * 0: none. */
int gs_x264_rate_begin(struct gs_x264_rate *r, bool intra, uint32_t quality, uint64_t now);
/* The picture has this many bits with this quantizer. 0: send it; else encode it again with the
 * quantizer returned, which is a higher one. */
int gs_x264_rate_retry(struct gs_x264_rate *r, bool intra, int qp, uint64_t bits);
void gs_x264_rate_sent(struct gs_x264_rate *r, bool intra, int qp, uint64_t bits);
